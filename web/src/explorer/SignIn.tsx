// The form to sign in, and the button to sign out, for gateways that authenticate callers.

import { useEffect, useRef, useState } from "react";
import { gateway } from "../gateway";
import { Problem } from "./api";
import { restoreFocus } from "./focus";
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
