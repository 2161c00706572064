import { createRoot } from "react-dom/client";
import { Explorer } from "./Explorer";
import { begin } from "./store";
import { warm } from "./layout/engine";
import "./style.css";

warm();
begin();
createRoot(document.getElementById("root")!).render(<Explorer />);
