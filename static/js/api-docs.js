// Shows the OpenAPI document with Swagger UI. Requests that are tried out use the session of the
// page, so they carry its CSRF token.
const place = document.getElementById("api-docs");

window.SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "none",
  filter: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  requestInterceptor(request) {
    const target = new URL(request.url, document.baseURI);
    if (target.origin === window.location.origin && request.method && request.method !== "GET") {
      request.headers["X-CSRFToken"] = place.dataset.csrf;
    }
    return request;
  },
});

// The page has a first heading already: those of Swagger UI go below it without a gap.
function fitIn() {
  for (const tag of place.querySelectorAll(".opblock-tag")) tag.setAttribute("aria-level", "2");
}
new MutationObserver(fitIn).observe(place, { childList: true, subtree: true });

// Swagger UI has a dark theme of its own, which follows a class of the root element.
function followTheme() {
  const root = document.documentElement;
  root.classList.toggle("dark-mode", root.dataset.bsTheme === "dark");
}
followTheme();
document.addEventListener("themechange", followTheme);
