//! A page in one file: pictures inside, tables that sort, no network.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const STYLE: &str = "
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
p { max-width: 60rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2.5rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .8rem; border-bottom: 1px solid #ddd; text-align: right }
th:first-child, td:first-child, td.text, th.text { text-align: left }
th { cursor: pointer; border-bottom: 2px solid #888 } th::after { content: ' \u{2195}'; color: #999 }
td:first-child, td:not(.text) { white-space: nowrap }
td.text { min-width: 5rem; max-width: 40rem }
nav ul { columns: 16rem; padding-left: 1.2rem }
.wide { overflow-x: auto; max-width: 100% } img { height: auto }
@media (min-width: 700px) { img { max-width: 100% } td.text { overflow-wrap: anywhere } }
@media (max-width: 500px) { body { margin: 1rem auto; padding: 0 .6rem } th, td { padding: .2rem .4rem } pre { padding: .5rem } } .note { color: #555; font-size: .9rem }
pre { background: #f5f5f5; padding: 1rem; overflow-x: auto; font-size: .85rem }
";

/// Sorts a table by the column whose head is clicked: a column in which every cell begins with a number by these, any
/// other as text. What is missing stays last both ways. U+2212 is the minus sign of conditions.
const SCRIPT: &str = "
const isMissing = text => text === '' || text === '-';
const value = text => parseFloat(text.replace('\u{2212}', '-'));
for (const head of document.querySelectorAll('th')) head.addEventListener('click', () => {
  const body = head.closest('table').tBodies[0], cell = row => row.cells[head.cellIndex].textContent;
  const sign = head.dataset.sign = head.dataset.sign === '1' ? '-1' : '1';
  const numbers = [...body.rows].map(cell).every(text => isMissing(text) || !isNaN(value(text)));
  const compare = (a, b) => sign * (numbers ? value(a) - value(b) : a.localeCompare(b));
  const order = (a, b) => isMissing(a) || isMissing(b) ? isMissing(a) - isMissing(b) : compare(a, b);
  [...body.rows].sort((a, b) => order(cell(a), cell(b))).forEach(row => body.append(row));
});
";

/// A page that is being written.
pub(crate) struct Page {
    title: String,
    body: String,
    /// Headings so far, each the target `#h<index>`.
    headings: Vec<String>,
}

impl Page {
    /// A page called `title`.
    pub(crate) fn new(title: &str) -> Self {
        Self { title: title.to_owned(), body: String::new(), headings: Vec::new() }
    }

    /// A heading.
    pub(crate) fn heading(&mut self, text: &str) {
        self.push(&format!("<h2 id=\"h{}\">{}</h2>", self.headings.len(), escape(text)));
        self.headings.push(text.to_owned());
    }

    /// A paragraph.
    pub(crate) fn paragraph(&mut self, text: &str) {
        self.push(&format!("<p>{}</p>", escape(text)));
    }

    /// A paragraph in small grey type.
    pub(crate) fn note(&mut self, text: &str) {
        self.push(&format!("<p class=\"note\">{}</p>", escape(text)));
    }

    /// A table; cells that are no number stand to the left, and those that begin with `../` are links to folders of the
    /// results root.
    pub(crate) fn table(&mut self, head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
        let rows: Vec<Vec<String>> = rows.into_iter().collect();
        let is_text = |column: usize| rows.iter().any(|row| is_text(&row[column]));
        let class = |column: usize| if is_text(column) { " class=\"text\"" } else { "" };
        let mut html = "<div class=\"wide\"><table><thead><tr>".to_owned();
        for (column, name) in head.iter().enumerate() {
            let _ = write!(html, "<th{}>{}</th>", class(column), escape(name));
        }
        html += "</tr></thead><tbody>\n";
        for row in &rows {
            html += "<tr>";
            for (column, cell) in row.iter().enumerate() {
                let _ = write!(html, "<td{}>{}</td>", class(column), linked(cell));
            }
            html += "</tr>\n";
        }
        self.push(&(html + "</tbody></table></div>"));
    }

    /// A PNG of two pixels a picture pixel; `description` is for who cannot see it.
    pub(crate) fn picture(&mut self, png: &[u8], description: &str) {
        let (data, description) = (STANDARD.encode(png), escape(description));
        // A PNG tells its width in the bytes after its first chunk's name. All pictures have text of one size so.
        let width = png.get(16..20).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes) / 2;
        let width = if width > 0 { format!(" width=\"{width}\"") } else { String::new() };
        self.push(&format!(
            "<p class=\"wide\"><img{width} alt=\"{description}\" src=\"data:image/png;base64,{data}\"></p>"
        ));
    }

    /// Text as it stands.
    pub(crate) fn verbatim(&mut self, text: &str) {
        self.push(&format!("<pre>{}</pre>", escape(text)));
    }

    /// The whole file.
    pub(crate) fn finish(self) -> String {
        let title = escape(&self.title);
        let entry =
            |(index, text): (usize, &String)| format!("<li><a href=\"#h{index}\">{}</a></li>", escape(text));
        let entries: String = self.headings.iter().enumerate().map(entry).collect();
        let contents = if entries.is_empty() {
            String::new()
        } else {
            format!(
                "<nav><ul>{entries}</ul></nav>\n<p class=\"note\">A click on the head of a column sorts its table.</p>\n"
            )
        };
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n<link rel=\"icon\" href=\"data:,\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<style>{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n{contents}{}<script>{SCRIPT}</script>\n</body></html>\n",
            self.body
        )
    }

    fn push(&mut self, html: &str) {
        self.body += html;
        self.body.push('\n');
    }
}

/// Whether `cell` begins with a word that is no number: a hash may begin with a digit.
fn is_text(cell: &str) -> bool {
    let word = cell.split_whitespace().next().unwrap_or("");
    word.contains(char::is_alphabetic) && word.parse::<f64>().is_err()
}

/// A cell, which is a link where it names a folder of the results root.
fn linked(cell: &str) -> String {
    let text = escape(cell);
    match text.strip_prefix("../") {
        Some(folder) => format!("<a href=\"{text}\">{folder}</a>"),
        None => text,
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_text_whatever_it_begins_with() {
        assert!(["24db18d9", "cca0079f", "1e3f"].into_iter().all(is_text));
        assert!(!["-0.5", "1e-6", "0.65 [0.64, 0.66]", "\u{2212}10 dB", "-", ""].into_iter().any(is_text));
    }

    #[test]
    fn nothing_in_a_page_is_taken_for_markup_or_fetched() {
        let mut page = Page::new("a < b & \"c\"");
        page.paragraph("<script>");
        page.table(&["loss", "D"], [vec!["RE".into(), "<1>".into()]]);
        page.picture(b"png", "x > y");
        let html = page.finish();
        assert!(html.contains("a &lt; b &amp; &quot;c&quot;") && html.contains("<p>&lt;script&gt;</p>"));
        assert!(html.contains("<td class=\"text\">RE</td><td>&lt;1&gt;</td>"));
        assert!(!html.contains("http"), "nothing is fetched");
    }
}
