// Prints what AsyncAPI's own parser has to say about a document, a line for each remark.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const severities = ["error", "warning", "information", "hint"];
for (const { severity, code, message, path } of diagnostics) {
  console.log(`${severities[severity]} ${code} ${path.join("/")}: ${message}`);
}
if (document) {
  console.log(`understood ${document.allMessages().length} messages`);
}
