// Makes what the portals serve: the stylesheet for left-to-right and right-to-left pages, and htmx and the decoder of QR
// codes as they were published.
// Run by `npm run css`; the results are committed, so that nobody needs Node to run ELMED. Another folder may be named:
// e2e/test_styles.py makes them anew there and compares.
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import rtlcss from "rtlcss";
import * as sass from "sass";

const served = process.argv[2] ?? "src/elmed/portals/static/elmed";
const css = sass.compile("frontend/elmed.scss", {
  style: "compressed", loadPaths: ["node_modules"], quietDeps: true, silenceDeprecations: ["import"],
}).css;
writeFileSync(`${served}/elmed.css`, `${css}\n`);
writeFileSync(`${served}/elmed.rtl.css`, `${rtlcss.process(css)}\n`);

mkdirSync(`${served}/vendor`, { recursive: true });
copyFileSync("node_modules/htmx.org/dist/htmx.min.js", `${served}/vendor/htmx.min.js`);
copyFileSync("node_modules/htmx.org/LICENSE", `${served}/vendor/htmx.LICENSE.txt`);

mkdirSync(`${served}/vendor/qr`, { recursive: true });
for (const file of ["decode.js", "index.js"]) copyFileSync(`node_modules/qr/${file}`, `${served}/vendor/qr/${file}`);
copyFileSync("node_modules/qr/LICENSE-MIT", `${served}/vendor/qr/LICENSE.txt`);
