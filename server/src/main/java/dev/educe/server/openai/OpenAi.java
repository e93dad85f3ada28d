package dev.educe.server.openai;

import dev.educe.server.batch.Batches;
import dev.educe.server.generation.Service;
import dev.educe.server.http.Route;
import dev.educe.server.http.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The routes of OpenAI's API.
public final class OpenAi {
  /// The paths of [#endpoints].
  public static final Set<String> ENDPOINTS =
      Set.of("/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses");

  private OpenAi() {}

  /// The routes that batches may ask, too: a request with a body of JSON, and an answer.
  public static List<Route> endpoints(Service service) {
    return endpoints(service, new Responses(service));
  }

  private static List<Route> endpoints(Service service, Responses responses) {
    return List.of(
        Route.post("/v1/chat/completions", Scope.INFERENCE, new ChatCompletions(service)::handle),
        Route.post("/v1/completions", Scope.INFERENCE, new Completions(service)::handle),
        Route.post("/v1/embeddings", Scope.INFERENCE, new Embeddings(service)::handle),
        Route.post("/v1/responses", Scope.INFERENCE, responses::create));
  }

  /// @param batches if they are on
  public static List<Route> routes(Service service, Optional<Batches> batches) {
    var models = new Models(service);
    var tokens = new Tokens(service);
    var responses = new Responses(service);
    var routes = new ArrayList<>(endpoints(service, responses));
    routes.addAll(
        List.of(
            Route.get("/v1/models", Scope.INFERENCE, models::list),
            Route.get("/v1/models/{model}", Scope.INFERENCE, models::one),
            Route.get("/v1/responses/{response}", Scope.INFERENCE, responses::get),
            Route.delete("/v1/responses/{response}", Scope.INFERENCE, responses::delete),
            Route.get(
                "/v1/responses/{response}/input_items", Scope.INFERENCE, responses::inputItems),
            new Route(
                "POST", "/v1/responses/{response}/cancel", Scope.INFERENCE, 0, responses::cancel),
            Route.post("/v1/tokenize", Scope.INFERENCE, tokens::tokenize),
            Route.post("/v1/detokenize", Scope.INFERENCE, tokens::detokenize)));
    routes.addAll(new FileRoutes(batches).routes());
    routes.addAll(new BatchRoutes(batches).routes());
    return routes;
  }
}
