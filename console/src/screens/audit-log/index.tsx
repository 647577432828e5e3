import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";

export default function AuditLog() {
  return (
    <Page title="Audit log">
      <div class="table-frame">
        <Empty icon="audit" title="This screen is not built yet">Until then: GET /api/v1/audit-log lists each write.</Empty>
      </div>
    </Page>
  );
}
