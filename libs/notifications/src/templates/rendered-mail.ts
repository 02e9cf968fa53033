/** A mail's text in both forms. */
export interface RenderedMail {
  /** One line. */
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** What a mail says, before it has a form. */
export interface MailContent {
  readonly subject: string;
  readonly opening: string;
  /** Name and value, one a line. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** An absolute URL. */
  readonly link?: { readonly label: string; readonly url: string };
  readonly closing: string;
}

export function renderMail(content: MailContent): RenderedMail {
  const { opening, facts, link, closing } = content;
  const lines = facts.map(([name, value]) => `${name}: ${value}`);
  const text = [
    opening,
    lines.join('\n'),
    ...(link === undefined ? [] : [`${link.label}:\n${link.url}`]),
    closing,
  ].join('\n\n');
  return { subject: oneLine(content.subject), text: `${text}\n`, html: htmlOf(content) };
}

const CELL = 'padding:4px 16px 4px 0;vertical-align:top';

function htmlOf({ subject, opening, facts, link, closing }: MailContent): string {
  const rows = facts.map(
    ([name, value]) =>
      `<tr><td style="${CELL};color:#555">${escapeHtml(name)}</td><td style="${CELL}">${escapeHtml(value)}</td></tr>`,
  );
  const anchor =
    link === undefined
      ? ''
      : `<p><a href="${escapeHtml(link.url)}">${escapeHtml(link.label)}</a></p>\n`;
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escapeHtml(subject)}</title></head>
<body style="font-family:sans-serif;font-size:15px;line-height:1.5;color:#222">
<p>${escapeHtml(opening)}</p>
<table style="border-collapse:collapse">
${rows.join('\n')}
</table>
${anchor}<p style="color:#555;font-size:13px">${escapeHtml(closing)}</p>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** Control characters would begin another header. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').trim();
}
