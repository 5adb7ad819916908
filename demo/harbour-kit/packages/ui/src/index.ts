export { Button } from "./button";
export { Table } from "./table";
export { tokens } from "./tokens";
