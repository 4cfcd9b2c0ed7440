// Starts the interactive reference on the page beside it. A file of its own: the page's policy allows no inline script.
SwaggerUIBundle({
  url: "/api/public/v1/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
