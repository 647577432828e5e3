import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";

export default function Settings() {
  return (
    <Page title="Settings">
      <div class="table-frame">
        <Empty icon="settings" title="This screen is not built yet">Until then: GET /healthz says what the deployment lacks.</Empty>
      </div>
    </Page>
  );
}
