// The form to sign in, and the button to sign out, for gateways that authenticate callers.

import { useEffect, useRef, useState } from "react";
import { gateway } from "../gateway";
import { Problem } from "./api";
import { useExplorer } from "./store";

const CREDENTIAL = gateway.auth === "jwt" ? "token" : "API key";

export function SignIn() {
  const credentialWanted = useExplorer((state) => state.credentialWanted);
  const [credential, setCredential] = useState("");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    field.current?.focus();
    return () => restoreFocus(before);
  }, []);
  return (
    <form
      className="sign-in"
      aria-labelledby="sign-in"
      onSubmit={(event) => {
        event.preventDefault();
        if (credential.trim()) useExplorer.getState().signIn(credential);
      }}
    >
      <h2 id="sign-in">Sign in</h2>
      <p>
        The gateway answers only those whom it knows. Your {CREDENTIAL} stays in this tab of the browser until you close
        it or sign out.
      </p>
      {credentialWanted instanceof Problem && (
        <p className="refused" role="alert">
          The gateway did not accept the {CREDENTIAL}.{" "}
          {credentialWanted.code === "UNAUTHENTICATED" && credentialWanted.message}
        </p>
      )}
      <label>
        {CREDENTIAL === "token" ? "Token" : CREDENTIAL}
        <input
          ref={field}
          type="password"
          autoComplete="off"
          spellCheck={false}
          required
          value={credential}
          onChange={(event) => setCredential(event.target.value)}
        />
      </label>
      <button type="submit" className="primary">
        Sign in
      </button>
    </form>
  );
}

/** Focuses an element again or, if it is gone or was the body, the main region, from where Tab leads into the picture. */
function restoreFocus(before: Element | null): void {
  if (before instanceof HTMLElement) before.focus();
  if (document.activeElement !== document.body) return;
  const main = document.querySelector("main")!;
  // Not focusable otherwise, or clicks within would focus it.
  main.tabIndex = -1;
  main.focus();
  main.addEventListener("blur", () => main.removeAttribute("tabindex"), { once: true });
}

export function SignOut() {
  const isSignedIn = useExplorer((state) => state.isSignedIn);
  const signOut = useExplorer((state) => state.signOut);
  if (!isSignedIn) return null;
  return (
    <button type="button" className="quiet" onClick={signOut}>
      Sign out
    </button>
  );
}
