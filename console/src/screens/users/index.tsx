import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";

export default function Users() {
  return (
    <Page title="Users">
      <div class="table-frame">
        <Empty icon="users" title="This screen is not built yet">Until then: /api/v1/users lists, makes and changes them.</Empty>
      </div>
    </Page>
  );
}
