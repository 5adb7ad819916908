import { Button, Table } from "@harbourline/ui";
import { createRoot } from "react-dom/client";

createRoot(document.getElementById("root")!).render(
  <main>
    <Button kind="primary">Object</Button>
    <Table rows={[]} columns={[]} empty="No ship today" />
  </main>,
);
