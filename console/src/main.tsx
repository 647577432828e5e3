import { render } from "preact";
import { LocationProvider } from "preact-iso/router";
import { App } from "./app/App";
import "./styles/index.css";

const root = document.getElementById("console");
if (root) {
  render(
    <LocationProvider>
      <App />
    </LocationProvider>,
    root,
  );
}
