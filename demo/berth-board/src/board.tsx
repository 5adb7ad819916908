import { render } from "react-dom";

async function refresh() {
  const plan = await (await fetch("/plans/current")).json();
  render(
    <ul>
      {plan.berths.map((berth: { name: string; calls: { ship: string }[] }) => (
        <li key={berth.name}>
          {berth.name}: {berth.calls[0]?.ship ?? "free"}
        </li>
      ))}
    </ul>,
    document.getElementById("root"),
  );
}

setInterval(refresh, 60_000);
refresh();
