import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";

export default function MyKeys() {
  return (
    <Page title="My keys">
      <div class="table-frame">
        <Empty icon="keys" title="This screen is not built yet">Until then: PUT /api/v1/me/provider-keys/{"{provider_id}"} seals one.</Empty>
      </div>
    </Page>
  );
}
