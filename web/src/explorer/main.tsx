import { createRoot } from "react-dom/client";
import { gateway } from "../gateway";

createRoot(document.getElementById("root")!).render(<main>{gateway.demo ? "demo" : "account"}</main>);
