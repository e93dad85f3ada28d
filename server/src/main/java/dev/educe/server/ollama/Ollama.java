package dev.educe.server.ollama;

import dev.educe.server.generation.Service;
import dev.educe.server.http.ApiError;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Route;
import dev.educe.server.http.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The routes of Ollama's API.
public final class Ollama {
  /// The version whose API this is; clients ask before they use what is new.
  private static final String VERSION = "0.12.6";

  private static final String CONFIGURED =
      "the models of this server are those of its configuration.";

  private Ollama() {}

  public static List<Route> routes(Service service) {
    var models = new ModelList(service.catalogue());
    var embeddings = new Embeds(service);
    var routes = new ArrayList<Route>();
    routes.add(Route.post("/api/chat", Scope.INFERENCE, new Chats(service)::handle));
    routes.add(Route.post("/api/generate", Scope.INFERENCE, new Generates(service)::handle));
    routes.add(Route.post("/api/embed", Scope.INFERENCE, embeddings::many));
    routes.add(Route.post("/api/embeddings", Scope.INFERENCE, embeddings::one));
    routes.add(Route.post("/api/show", Scope.INFERENCE, models::show));
    routes.add(Route.get("/api/tags", Scope.INFERENCE, models::all));
    routes.add(Route.get("/api/ps", Scope.INFERENCE, models::loaded));
    routes.add(
        Route.get(
            "/api/version",
            Scope.INFERENCE,
            exchange -> exchange.answer(Map.of("version", VERSION))));
    routes.add(refused("POST", "pull", "downloaded"));
    routes.add(refused("POST", "push", "uploaded"));
    routes.add(refused("POST", "create", "made"));
    routes.add(refused("POST", "copy", "copied"));
    routes.add(refused("DELETE", "delete", "deleted"));
    return routes;
  }

  private static Route refused(String method, String name, String done) {
    var error =
        ApiError.badRequest(
            "unsupported_operation",
            "'%s' is not supported: no model can be %s here; %s".formatted(name, done, CONFIGURED));
    return new Route(
        method,
        "/api/" + name,
        Scope.INFERENCE,
        0,
        _ -> {
          throw new ApiException(error);
        });
  }
}
