import { createRoot } from "react-dom/client";
import { Berths } from "./berths";
import { Containers } from "./containers";

const pages = { "/": Berths, "/containers": Containers };
const Page = pages[location.pathname as keyof typeof pages] ?? Berths;

createRoot(document.getElementById("root")!).render(<Page />);
