// A certified OpenID provider for tests: node server.mjs PORT ISSUER CONFIG.json
// People are who they say they are in login_hint; what they claim comes from CONFIG.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [port, issuer, path] = process.argv.slice(2);
const config = JSON.parse(readFileSync(path, "utf8"));

const provider = new Provider(issuer, {
  clients: config.clients,
  jwks: config.jwks,
  cookies: { keys: ["for-tests-alone"] },
  claims: {
    openid: ["sub"],
    profile: ["name", "preferred_username", "groups"],
    email: ["email", "email_verified"],
  },
  conformIdTokenClaims: config.conform ?? false,
  features: {
    devInteractions: { enabled: false },
    rpInitiatedLogout: { enabled: true },
    userinfo: { enabled: true },
  },
  pkce: { required: () => true },
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, ...config.people[id] }),
  }),
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid profile email");
    await grant.save();
    return grant;
  },
});

const handle = provider.callback();
createServer(async (request, response) => {
  if (!request.url.startsWith("/interaction/")) return handle(request, response);
  const { params } = await provider.interactionDetails(request, response);
  const result = config.people[params.login_hint]
    ? { login: { accountId: params.login_hint } }
    : { error: "access_denied", error_description: "nobody of that name" };
  return provider.interactionFinished(request, response, result);
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
