import { defineConfig } from "vite";

export default defineConfig({
  server: { proxy: { "/api": "https://edge.staging.harbourline.example" } },
});
