// What people ask a centre of a demonstration, as programs ask: no browser is needed.

// The value of the token in a page's forms.
function tokenIn(html) {
  const token = /name="csrf" value="([^"]+)"/.exec(html)?.[1];
  if (!token) throw new Error("a page has no token");
  return token;
}

// Somebody who has signed in with one click.
export async function enter(base, who) {
  const cookies = new Map();
  const send = async (path, init = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...init.headers, cookie };
    const answer = await fetch(base + path, { ...init, headers, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    return { status: answer.status, text: await answer.text() };
  };
  const form = (path, fields) =>
    send(path, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(fields).toString(),
    });
  const csrf = tokenIn((await send("/sign-in")).text);
  const { status } = await form("/sign-in/demo", { csrf, next: "/work", account: who });
  if (status !== 303) throw new Error(`${who} cannot sign in with one click: ${status}`);
  const token = tokenIn((await send("/account")).text);
  const ask = async (method, path, data) => {
    const headers = {
      "x-csrf-token": token,
      accept: "application/json",
      "content-type": "application/json",
    };
    const body = data === undefined ? undefined : JSON.stringify(data);
    const answer = await send(`/api/v1${path}`, { method, headers, body });
    if (answer.status < 200 || answer.status > 299) {
      throw new Error(`${method} ${path} as ${who}: ${answer.status} ${answer.text}`);
    }
    return answer.text ? JSON.parse(answer.text) : null;
  };
  return { ask, leave: () => form("/sign-out", { csrf: token }) };
}

// Does `work` with what somebody may ask the API.
export async function asking(base, who, work) {
  const { ask, leave } = await enter(base, who);
  try {
    return await work(ask);
  } finally {
    await leave();
  }
}

// Asks until it is so; fails when it does not become so.
export async function until(what, so) {
  for (let waited = 0; waited < 240; waited += 1) {
    const found = await so();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`${what} did not come`);
}
