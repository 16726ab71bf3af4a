/**
 * A plugin's words on stderr for its caller: one line, the last part when they are long, without the frames of a traceback,
 * which are in the log.
 */
export function failureText(stderr: string, maxLength: number): string {
  const text = stderr
    .split('\n')
    .filter((line) => !/^\s|^Traceback \(most recent call last\):/.test(line))
    .join(' ')
    // eslint-disable-next-line no-control-regex -- what a terminal would obey is no part of a message
    .replace(/[\s\x00-\x1f\x7f]+/g, ' ')
    .trim();
  return text.length > maxLength ? `...${text.slice(-maxLength)}` : text;
}
