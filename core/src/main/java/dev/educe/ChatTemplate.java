package dev.educe;

import dev.educe.format.Metadata;
import dev.educe.format.ModelFormatException;
import dev.educe.template.Rendering;
import dev.educe.template.Template;
import dev.educe.template.TemplateException;
import dev.educe.template.Value;
import dev.educe.template.reply.ReplyFormat;
import dev.educe.tokenizer.Tokenizer;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/// How a model wants a conversation to be written, and how it writes its replies. Immutable and
/// thread-safe.
public final class ChatTemplate {
  private static final String KEY = "tokenizer.chat_template";

  /// What a template gets from elsewhere, or what would change what becomes of it.
  private static final Set<String> RESERVED =
      Set.of(
          "messages",
          "tools",
          "tokenize",
          "chat_template",
          "add_generation_prompt",
          "continue_final_message",
          "bos_token",
          "eos_token");

  /// Asks whether a message has content: such a template wants none beside calls, where others
  /// write out what they are given.
  private static final Pattern NO_CONTENT =
      Pattern.compile("content['\"\\]]*\\s+is\\s+(?:not\\s+)?none");

  private final Template template;
  private final ReplyFormat format;
  private final Optional<ChatTemplate> forTools;
  private final List<String> stop;
  private final boolean knowsNoContent;

  private ChatTemplate(String source, Optional<ChatTemplate> forTools, List<String> stop) {
    this.template = Template.parse(source);
    this.forTools = forTools;
    this.stop = stop;
    this.knowsNoContent = NO_CONTENT.matcher(source).find();
    this.format = ReplyFormat.detect(source, this::probe);
  }

  /// A template of the caller's own, in Jinja.
  ///
  /// @throws TemplateException if it is wrong, with the line
  public static ChatTemplate parse(String source) {
    return new ChatTemplate(source, Optional.empty(), List.of());
  }

  /// ChatML, which many models understand: `<|im_start|>`, the role, a line break, the text and
  /// `<|im_end|>`. Also for models that have no such tokens: the text of the end ends a reply.
  public static ChatTemplate chatml() {
    String source =
        """
        {% for message in messages %}
        {{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}\
        {% endfor %}
        {% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}\
        """;
    return new ChatTemplate(source, Optional.empty(), List.of("<|im_end|>"));
  }

  /// Roles as words, for models that know no chat and go on with any text: `User:`, a line break,
  /// the text and an empty line. Tools are listed first, and are called as JSON between
  /// `<tool_call>` and `</tool_call>`.
  public static ChatTemplate plain() {
    String source =
        """
        {% if tools %}
        Tools, called as <tool_call>{"name": "...", "arguments": {...}}</tool_call>:
        {% for tool in tools %}
        {{ tool.function | tojson }}
        {% endfor %}

        {% endif %}
        {% for message in messages %}
        {{ message.role | capitalize }}:
        {% if message.content %}
        {{ message.content }}
        {% endif %}
        {% for call in message.tool_calls or [] %}
        <tool_call>
        {{ {'name': call.function.name, 'arguments': call.function.arguments} | tojson }}
        </tool_call>
        {% endfor %}

        {% endfor %}
        {% if add_generation_prompt %}
        Assistant:
        {% endif %}
        """;
    return new ChatTemplate(source, Optional.empty(), List.of("\nUser:\n"));
  }

  /// The template in a model file; one named `tool_use` is taken for requests with tools.
  ///
  /// @throws TemplateException if it is wrong, with the line
  /// @throws ModelFormatException if a template in the file is no text
  static Optional<ChatTemplate> of(Metadata metadata) throws ModelFormatException {
    var forTools = metadata.findString(KEY + ".tool_use").map(ChatTemplate::parse);
    return metadata
        .findString(KEY)
        .map(source -> new ChatTemplate(source, forTools, List.of()))
        .or(() -> forTools);
  }

  /// How replies are written.
  ReplyFormat format(boolean hasTools) {
    return choose(hasTools).format;
  }

  /// Texts that end a reply, beside the model's own tokens.
  List<String> stop() {
    return stop;
  }

  private ChatTemplate choose(boolean hasTools) {
    return hasTools ? forTools.orElse(this) : this;
  }

  /// Writes a conversation up to where the model's answer begins.
  ///
  /// @param arguments further variables, such as `enable_thinking`
  /// @throws TemplateException if the template fails or refuses the conversation
  /// @throws IllegalArgumentException if an argument has a reserved name
  Rendering render(
      List<Message> messages,
      List<Tool> tools,
      Map<String, ?> arguments,
      Tokenizer tokenizer,
      LocalDateTime now) {
    var variables = new LinkedHashMap<String, Value>();
    arguments.forEach((name, value) -> {
      if (RESERVED.contains(name)) {
        throw new IllegalArgumentException(
            "the template argument '%s' is reserved; choose another name".formatted(name));
      }
      variables.put(name, Value.content(value));
    });
    variables.put("bos_token", Value.trusted(piece(tokenizer, tokenizer.bos())));
    variables.put("eos_token", Value.trusted(piece(tokenizer, tokenizer.eos())));
    variables.put("add_generation_prompt", Value.trusted(true));
    return choose(!tools.isEmpty()).render(messages, tools, variables, now);
  }

  private Rendering render(
      List<Message> messages, List<Tool> tools, Map<String, Value> variables, LocalDateTime now) {
    if (!tools.isEmpty()) {
      variables.put("tools", Value.content(tools.stream().map(Tool::fields).toList()));
    }
    variables.put("messages", messages(messages, ToolCall::parsedArguments));
    try {
      return template.render(variables, now);
    } catch (TemplateException failed) {
      if (messages.stream().noneMatch(ChatTemplate::hasCalls)) {
        throw failed;
      }
      // Most templates want the arguments of earlier calls as objects, some as a text.
      variables.put("messages", messages(messages, ToolCall::arguments));
      try {
        return template.render(variables, now);
      } catch (TemplateException _) {
        throw failed;
      }
    }
  }

  /// What the template makes of calls of these tools, to see how calls are written; nothing if it
  /// knows no calls.
  private String probe(List<String> names) {
    String schema = "{\"type\":\"object\",\"properties\":{\"%s\":{\"type\":\"string\"}}}";
    String arguments = "{\"%s\":\"%s\"}";
    var calls =
        names.stream()
            .map(name ->
                new ToolCall(
                    "call00001",
                    name,
                    arguments.formatted(ReplyFormat.PROBE_PARAMETER, ReplyFormat.PROBE_VALUE)))
            .toList();
    var tools =
        names.stream()
            .map(name -> Tool.of(name, "", schema.formatted(ReplyFormat.PROBE_PARAMETER)))
            .toList();
    try {
      var messages = List.of(Message.user("?"), new Message.Assistant("", "", calls));
      return render(messages, tools, new LinkedHashMap<>(), LocalDateTime.MIN).text();
    } catch (TemplateException _) {
      return "";
    }
  }

  private static boolean hasCalls(Message message) {
    return message instanceof Message.Assistant answer && !answer.calls().isEmpty();
  }

  private Value messages(List<Message> messages, Function<ToolCall, Object> arguments) {
    return Value.content(
        messages.stream()
            .map(message -> {
              var fields = message.fields();
              if (message instanceof Message.Assistant answer && hasCalls(message)) {
                fields.put(
                    "tool_calls",
                    answer.calls().stream()
                        .map(call -> call.fields(arguments.apply(call)))
                        .toList());
                if (answer.text().isEmpty() && knowsNoContent) {
                  fields.put("content", null);
                }
              }
              return fields;
            })
            .toList());
  }

  private static String piece(Tokenizer tokenizer, OptionalInt token) {
    return token.isPresent() ? tokenizer.piece(token.getAsInt()) : "";
  }
}
