import { createRoot } from "react-dom/client";
import { Explorer } from "./Explorer";
import { keepFocus } from "./focus";
import { begin } from "./store";
import { warm } from "./layout/engine";
import "./style.css";

warm();
begin();
keepFocus();
createRoot(document.getElementById("root")!).render(<Explorer />);
