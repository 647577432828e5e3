import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";

export default function Tokens() {
  return (
    <Page title="Tokens">
      <div class="table-frame">
        <Empty icon="tokens" title="This screen is not built yet">Until then: /api/v1/tokens lists, mints and revokes them.</Empty>
      </div>
    </Page>
  );
}
