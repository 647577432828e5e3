import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";

export default function Providers() {
  return (
    <Page title="Providers">
      <div class="table-frame">
        <Empty icon="providers" title="This screen is not built yet">Until then: /api/v1/providers lists, makes and changes them.</Empty>
      </div>
    </Page>
  );
}
