package dev.educe.bench;

import dev.educe.Model;
import dev.educe.Request;
import dev.educe.grammar.SchemaOptions;
import dev.educe.grammar.TokenGrammar;
import dev.educe.sampling.Constraint;
import dev.educe.sampling.Sampling;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;

/// What a grammar costs while texts are written: tokens per second of free texts and of texts that
/// fit a schema, any JSON and a regular expression, in turns.
///
/// Each round makes its grammars anew, so that masks are found as for a schema nobody asked for
/// before, outside of what is timed but for the masks. Tokens that need no choice are left to the
/// model here; what taking them gains is a line of its own.
final class HeldTexts {
  private static final int TOKENS = 40;

  private static final String SCHEMA =
      """
      {"title":"%d","type":"array","minItems":500,"items":{"type":"object","properties":{
       "name":{"type":"string","minLength":8,"maxLength":24},
       "kind":{"enum":["small","large","other"]},
       "count":{"type":"integer","minimum":0,"maximum":5000},
       "when":{"type":"string","format":"date-time"},
       "tags":{"type":"array","items":{"type":"string","maxLength":12},"maxItems":4}},
       "required":["name","kind","count","when"],"additionalProperties":false}}\
      """;
  private static final String REGEX = "([A-Z][a-z]{2,9}( [a-z]{1,12}){3,15}[.!?] ){200}(%d)?";

  private final Model model;
  private final int rounds;
  private final List<Integer> streams;
  private int made;

  HeldTexts(Model model, int rounds, List<Integer> streams) {
    this.model = model;
    this.rounds = rounds;
    this.streams = streams;
  }

  void run() {
    for (int count : streams) {
      var rates = new LinkedHashMap<String, double[]>();
      for (int round = -1; round < rounds; round++) {
        for (var kind : kinds().entrySet()) {
          double rate = rate(count, kind.getValue());
          if (round >= 0) {
            rates.computeIfAbsent(kind.getKey(), _ -> new double[rounds])[round] = rate;
          }
        }
      }
      double free = Series.of(rates.get("free")).median();
      rates.forEach((kind, each) -> {
        double rate = Series.of(each).median();
        System.out.printf(
            "%2d streams, %-16s %6.1f tokens/s, %5.1f %% of free%n",
            count, kind + ":", rate, 100 * rate / free);
      });
    }
  }

  /// The kinds of texts: what makes a request one.
  private Map<String, UnaryOperator<Request>> kinds() {
    made++;
    var grammars = model.grammars();
    TokenGrammar schema = grammars.schema(SCHEMA.formatted(made), SchemaOptions.defaults());
    TokenGrammar again = grammars.schema(SCHEMA.formatted(-made), SchemaOptions.defaults());
    TokenGrammar json =
        grammars.schema(
            "{\"title\":\"%d\",\"type\":\"array\",\"minItems\":500}".formatted(made),
            SchemaOptions.defaults());
    TokenGrammar regex = grammars.regex(REGEX.formatted(made));
    var kinds = new LinkedHashMap<String, UnaryOperator<Request>>();
    kinds.put("free", request -> request);
    kinds.put("schema", request -> unhurried(request, schema));
    kinds.put("json", request -> unhurried(request, json));
    kinds.put("regex", request -> unhurried(request, regex));
    kinds.put("schema, hurried", request -> request.withGrammar(again));
    return kinds;
  }

  private static Request unhurried(Request request, TokenGrammar grammar) {
    return request.withConstraint(() -> new Unhurried(Constraint.of(grammar)));
  }

  private double rate(int count, UnaryOperator<Request> kind) {
    var requests = new ArrayList<Request>();
    for (int i = 0; i < count; i++) {
      var request =
          Request.of("Text " + i)
              .withTokensMax(TOKENS)
              .withSampling(Sampling.greedy().withTemperature(1).withSeed(31 * made + i))
              .withIgnoreEnd(true);
      requests.add(kind.apply(request));
    }
    return EngineCommand.rate(model, requests, TOKENS);
  }

  /// A constraint that leaves every token to the model.
  private record Unhurried(Constraint constraint) implements Constraint {
    @Override
    public long[] allowed() {
      return constraint.allowed();
    }

    @Override
    public boolean accept(int token) {
      return constraint.accept(token);
    }

    @Override
    public boolean mustEnd() {
      return constraint.mustEnd();
    }

    @Override
    public OptionalInt forced() {
      return OptionalInt.empty();
    }
  }
}
