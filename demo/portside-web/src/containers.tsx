import { container } from "@harbourline/api-client";
import { Button } from "@harbourline/ui";
import { useState } from "react";
import { text } from "./texts";

export function Containers() {
  const [number, setNumber] = useState("");
  const [answer, setAnswer] = useState<string>();

  async function find() {
    const found = await container("/api/cargo", number.trim().toUpperCase());
    setAnswer(found.held ? text("container.held") : text(`container.${found.at}`));
  }

  return (
    <form onSubmit={(event) => (event.preventDefault(), find())}>
      <label>
        {text("container.number")}
        <input value={number} onChange={(event) => setNumber(event.target.value)} />
      </label>
      <Button kind="primary" type="submit">{text("find")}</Button>
      <output>{answer}</output>
    </form>
  );
}
