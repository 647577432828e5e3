import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";

export default function Models() {
  return (
    <Page title="Models">
      <div class="table-frame">
        <Empty icon="models" title="This screen is not built yet">Until then: /api/v1/providers/{"{id}"}/models lists, makes and changes them.</Empty>
      </div>
    </Page>
  );
}
