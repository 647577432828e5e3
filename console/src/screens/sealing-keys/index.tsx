import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";

export default function SealingKeys() {
  return (
    <Page title="Sealing keys">
      <div class="table-frame">
        <Empty icon="sealing" title="This screen is not built yet">Until then: GET /api/v1/sealing-keys counts, POST …/rotate re-seals.</Empty>
      </div>
    </Page>
  );
}
