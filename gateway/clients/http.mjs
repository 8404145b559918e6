// What the programs have in common: how they sign in, and what they count.

/** The gateway that a program is told of, and how to sign in there. */
export const [url, user, password] = process.argv.slice(2);
const authorization = 'Basic ' + Buffer.from(`${user}:${password}`).toString('base64');

/** How many requests were sent, and how many of them have no answer yet. */
export const sent = { requests: 0, open: 0 };

/** fetch with credentials, which counts. */
export async function fetchAs(input, init = {}) {
  sent.requests++;
  sent.open++;
  try {
    const headers = new Headers(init.headers);
    headers.set('Authorization', authorization);
    const answer = await fetch(input, { ...init, headers });
    return new Response(await answer.text(), answer);
  } finally {
    sent.open--;
  }
}

/** What the libraries have said that somebody should see to. */
export const warnings = [];
for (const level of ['warn', 'error']) {
  console[level] = (...words) => warnings.push(words.join(' '));
}

/** Fails the program unless two values are the same, as JSON. */
export function same(what, got, want) {
  if (JSON.stringify(got) !== JSON.stringify(want)) {
    console.log(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
    process.exitCode = 1;
  }
}

/** Waits until all has been answered and the client has had its turns to ask for more, or has asked for far too much. */
export async function settled() {
  for (let turns = 0; turns < 100 && sent.requests < 50; turns = sent.open > 0 ? 0 : turns + 1) {
    await new Promise((resolve) => setTimeout(resolve));
  }
}
