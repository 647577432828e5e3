import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";

export default function Playground() {
  return (
    <Page title="Playground">
      <div class="table-frame">
        <Empty icon="playground" title="This screen is not built yet">Until then: README.md has the calls.</Empty>
      </div>
    </Page>
  );
}
