import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";

export default function Requests() {
  return (
    <Page title="Requests">
      <div class="table-frame">
        <Empty icon="requests" title="This screen is not built yet">Until then: GET /api/v1/requests lists each call.</Empty>
      </div>
    </Page>
  );
}
