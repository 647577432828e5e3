import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";

export default function Overview() {
  return (
    <Page title="Overview">
      <div class="table-frame">
        <Empty icon="overview" title="This screen is not built yet">Until then: GET /api/v1/usage has the totals.</Empty>
      </div>
    </Page>
  );
}
