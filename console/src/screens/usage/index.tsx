import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";

export default function Usage() {
  return (
    <Page title="Usage">
      <div class="table-frame">
        <Empty icon="usage" title="This screen is not built yet">Until then: GET /api/v1/usage adds up, as JSON or CSV.</Empty>
      </div>
    </Page>
  );
}
