package dev.educe.server.anthropic;

import dev.educe.ChatRequest;
import dev.educe.Request;
import dev.educe.grammar.Part;
import dev.educe.grammar.SchemaOptions;
import dev.educe.sampling.Sampling;
import dev.educe.server.generation.Conversation;
import dev.educe.server.generation.Reasoning;
import dev.educe.server.generation.Stops;
import dev.educe.server.http.Fields;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/// A request for `/v1/messages`.
///
/// @param asked of the model
/// @param tokensMax how many the answer may have
/// @param thinking what is shown of it
/// @param isStreamed whether the answer is
record MessageRequest(
    Conversation.Asked asked, int tokensMax, Thinking thinking, boolean isStreamed) {
  private static final int STOPS_MAX = 64;
  private static final int TOP_K_MAX = 1 << 22;

  /// @param tenant whose request it is
  /// @param deadline how long it may take
  static MessageRequest of(Fields fields, String tenant, Duration deadline) {
    int tokensMax =
        Math.toIntExact(
            Fields.integer(fields.require("max_tokens"), "max_tokens", 1, Integer.MAX_VALUE));
    var generation =
        Request.of("")
            .withSampling(sampling(fields))
            .withStop(Stops.read(fields, "stop_sequences", STOPS_MAX))
            .withTokensMax(tokensMax)
            .withTenant(tenant)
            .withDeadline(deadline);
    boolean isStreamed = fields.flag("stream").orElse(false);
    fields.word("service_tier", Set.of("auto", "standard_only"));
    fields
        .object("metadata")
        .ifPresent(metadata -> {
          metadata.text("user_id");
          metadata.refuseRest();
        });
    var thinking = Thinking.read(fields);
    var asked = asked(fields, thinking);
    var chat = asked.chat().withGeneration(generation);
    return new MessageRequest(
        new Conversation.Asked(chat, asked.param(), asked.formParam(), 1, asked.hasOneCall()),
        tokensMax,
        thinking,
        isStreamed);
  }

  /// A request for `/v1/messages/count_tokens`.
  static Conversation.Asked counted(Fields fields) {
    return asked(fields, Thinking.read(fields));
  }

  /// What both have.
  private static Conversation.Asked asked(Fields fields, Thinking thinking) {
    fields.ignore("model", "cache_control", "inference_geo", "user_profile_id");
    var chat = ChatRequest.of(Turns.read(fields));
    var choice = ToolUse.read(fields, chat);
    chat = choice.chat();
    var effort = Optional.<String>empty();
    var output = fields.object("output_config");
    if (output.isPresent()) {
      effort = output.get().word("effort", Reasoning.EFFORTS);
      var format = output.get().object("format");
      output.get().refuseRest();
      if (format.isPresent()) {
        chat = chat.withAnswerForm(form(format.get()));
      }
    }
    chat = thinking.ask(chat, effort.orElse(""));
    for (String name : Set.of("container", "context_management", "mcp_servers", "output_format")) {
      fields.refuse(name, "[]");
    }
    fields.refuseRest();
    return new Conversation.Asked(chat, "messages", "output_config.format", 1, choice.hasOneCall());
  }

  private static Part form(Fields format) {
    format.word("type", Set.of("json_schema"));
    format.require("type");
    format.object("schema");
    String schema = format.require("schema").toString();
    format.refuseRest();
    return new Part.Json("", schema, SchemaOptions.defaults().closed());
  }

  private static Sampling sampling(Fields fields) {
    float topP = fields.number("top_p", 0, 1).orElse(1.0).floatValue();
    var sampling =
        Sampling.greedy()
            .withTemperature(fields.number("temperature", 0, 1).orElse(1.0).floatValue())
            .withTopK(fields.integer("top_k", 0, TOP_K_MAX).orElse(0L).intValue())
            .withSeed(ThreadLocalRandom.current().nextLong());
    // No share at all means the likeliest token.
    return topP == 0 ? sampling.withTopK(1) : sampling.withTopP(topP);
  }
}
