import { currentPlan, type Plan } from "@harbourline/api-client";
import { Table } from "@harbourline/ui";
import { useEffect, useState } from "react";
import { text } from "./texts";

export function Berths() {
  const [plan, setPlan] = useState<Plan>();
  const [failed, setFailed] = useState(false);

  useEffect(() => {
    currentPlan("/api/berths").then(setPlan, () => setFailed(true));
  }, []);

  if (failed) {
    return <p role="alert">{text("berths.failed")}</p>;
  }
  const calls = plan?.berths.flatMap((berth) => berth.calls.map((call) => ({ berth: berth.name, ...call }))) ?? [];
  return (
    <Table
      rows={calls}
      columns={[
        { title: text("berth"), cell: (row) => row.berth },
        { title: text("ship"), cell: (row) => row.ship },
        { title: text("from"), cell: (row) => <time dateTime={row.from}>{row.from}</time> },
      ]}
      empty={text("berths.none")}
    />
  );
}
