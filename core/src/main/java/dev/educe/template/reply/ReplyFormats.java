package dev.educe.template.reply;

import dev.educe.template.reply.ArgumentSyntax.Elements;
import dev.educe.template.reply.ArgumentSyntax.Json;
import dev.educe.template.reply.ArgumentSyntax.Members;
import dev.educe.template.reply.CallForm.Code;
import dev.educe.template.reply.CallForm.InObject;
import dev.educe.template.reply.CallForm.Named;
import java.util.List;

/// The formats of the families, and the signs by which their templates are known.
final class ReplyFormats {
  /// The family of templates without known markers.
  static final String UNKNOWN = "json";

  /// @param signs all of which a template of the family has
  private record Family(
      String name, List<String> signs, List<CallSyntax> calls, List<String> ignored) {
    Family(String name, String sign, CallSyntax... calls) {
      this(name, List.of(sign.split(" & ")), List.of(calls), List.of());
    }

    Family ignoring(String... markers) {
      return new Family(name, signs, calls, List.of(markers));
    }
  }

  /// @param signs one of which a template has whose models reason so
  private record Reasoning(List<String> signs, ReasoningSyntax syntax) {
    Reasoning(String open, String close, String closing, String... signs) {
      this(List.of(signs), new ReasoningSyntax(open, close, closing));
    }
  }

  private static final InObject ARGUMENTS = new InObject("name", "arguments");
  private static final InObject PARAMETERS = new InObject("name", "parameters");
  private static final Named PYTHON = new Named("", "(", new Members('=', ""), ")");
  private static final Named FUNCTION_TAG = new Named("<function=", ">", new Json(), "</function>");

  private static final Named QWEN_ELEMENTS =
      new Named(
          "<function=",
          ">\n",
          new Elements("<parameter=", ">\n", ">\n", "\n</parameter>\n"),
          "</function>");

  private static final Named INVOKE =
      new Named(
          "<invoke name=\"",
          "\">\n",
          new Elements("<parameter name=\"", "\">", "\">", "</parameter>\n"),
          "</invoke>");

  private static final Named DSML =
      new Named(
          "<｜DSML｜invoke name=\"",
          "\">\n",
          new Elements(
              "<｜DSML｜parameter name=\"",
              "\" string=\"true\">",
              "\" string=\"false\">",
              "</｜DSML｜parameter>\n"),
          "</｜DSML｜invoke>");

  private static final Named HARMONY =
      new Named("", " <|constrain|>json<|message|>", new Json(), "<|call|>");

  private static final CallSyntax HERMES =
      new CallSyntax("<tool_call>\n", "\n</tool_call>\n<tool_call>\n", "\n</tool_call>", ARGUMENTS);

  private static final CallSyntax LFM =
      new CallSyntax("<|tool_call_start|>[", ", ", "]<|tool_call_end|>", PYTHON);

  private static final CallSyntax LFM_JSON =
      new CallSyntax("<|tool_call_start|>[", ", ", "]<|tool_call_end|>", ARGUMENTS);

  /// What Llama's built-in interpreter is given.
  private static final CallSyntax CODE =
      new CallSyntax(
          "<|python_tag|>",
          "",
          new Code(List.of("code_interpreter", "python", "ipython"), false, "code"));

  private static final CallSyntax JSON_ALONE = new CallSyntax("", "", PARAMETERS);

  /// The first whose signs a template has is its family.
  private static final List<Family> FAMILIES =
      List.of(
          new Family(
                  "harmony",
                  "<|channel|> & <|message|>",
                  new CallSyntax("<|channel|>commentary to=functions.", "", HARMONY),
                  new CallSyntax("<|channel|>analysis to=functions.", "", HARMONY),
                  new CallSyntax(" to=functions.", "", HARMONY))
              .ignoring(
                  "<|start|>assistant",
                  "<|channel|>final<|message|>",
                  "<|channel|>final <|constrain|>json<|message|>",
                  "<|channel|>commentary<|message|>",
                  "<|channel|>commentary to=assistant",
                  "<|end|>",
                  "<|call|>",
                  "<|return|>"),
          new Family(
                  "gemma-4",
                  "<|tool_call>",
                  new CallSyntax(
                      "<|tool_call>",
                      "<tool_call|><|tool_call>",
                      "<tool_call|>",
                      new Named("call:", "{", new Members(':', "<|\"|>"), "}")))
              .ignoring("<|channel>", "<channel|>"),
          new Family(
              "function-gemma",
              "<start_function_call>",
              new CallSyntax(
                  "<start_function_call>",
                  "<end_function_call><start_function_call>",
                  "<end_function_call>",
                  new Named("call:", "{", new Members(':', "<escape>"), "}"))),
          new Family(
              "deepseek-dsml",
              "｜DSML｜ & function_calls>",
              new CallSyntax("<｜DSML｜function_calls>\n", "\n", "\n</｜DSML｜function_calls>", DSML)),
          new Family(
              "deepseek-dsml",
              "｜DSML｜",
              new CallSyntax("\n\n<｜DSML｜tool_calls>\n", "\n", "\n</｜DSML｜tool_calls>", DSML)),
          new Family(
              "deepseek-r1",
              "<｜tool▁calls▁begin｜> & ```json",
              new CallSyntax(
                  "<｜tool▁calls▁begin｜>",
                  "\n",
                  "<｜tool▁calls▁end｜>",
                  new Named(
                      "<｜tool▁call▁begin｜>function<｜tool▁sep｜>",
                      "\n```json\n",
                      new Json(),
                      "\n```<｜tool▁call▁end｜>"))),
          new Family(
              "deepseek-v3.1",
              "<｜tool▁calls▁begin｜>",
              new CallSyntax(
                  "<｜tool▁calls▁begin｜>",
                  "",
                  "<｜tool▁calls▁end｜>",
                  new Named(
                      "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", new Json(), "<｜tool▁call▁end｜>"))),
          new Family(
              "kimi-k2",
              "<|tool_calls_section_begin|>",
              new CallSyntax(
                  "<|tool_calls_section_begin|>",
                  "<|tool_calls_section_end|>",
                  new Named(
                      "<|tool_call_begin|>functions.",
                      ":0<|tool_call_argument_begin|>",
                      new Json(),
                      "<|tool_call_end|>")),
              new CallSyntax(
                  "",
                  "",
                  new Named(
                      "<|tool_call_begin|>functions.",
                      ":0<|tool_call_argument_begin|>",
                      new Json(),
                      "<|tool_call_end|>"))),
          new Family(
              "mistral",
              "[TOOL_CALLS] & [ARGS]",
              new CallSyntax(
                  "[TOOL_CALLS]", "[TOOL_CALLS]", "", new Named("", "[ARGS]", new Json(), "")),
              new CallSyntax("[TOOL_CALLS][", ", ", "]", ARGUMENTS)),
          new Family(
              "mistral-list",
              "[TOOL_CALLS]",
              new CallSyntax("[TOOL_CALLS][", ", ", "]", ARGUMENTS),
              new CallSyntax(
                  "[TOOL_CALLS]", "[TOOL_CALLS]", "", new Named("", "[ARGS]", new Json(), ""))),
          new Family(
                  "cohere-2",
                  "<|START_ACTION|>",
                  new CallSyntax(
                      "<|START_ACTION|>[\n    ",
                      ",\n    ",
                      "\n]<|END_ACTION|>",
                      new InObject("tool_name", "parameters")))
              .ignoring(
                  "<|START_TEXT|>",
                  "<|END_TEXT|>",
                  "<|START_RESPONSE|>",
                  "<|END_RESPONSE|>",
                  "<|END_OF_TURN_TOKEN|>"),
          new Family(
                  "command-r",
                  "Action: & ```json",
                  new CallSyntax(
                      "Action:\n```json\n[\n",
                      ",\n",
                      "\n]```",
                      new InObject("tool_name", "parameters")),
                  new CallSyntax(
                      "Action: ```json\n[\n",
                      ",\n",
                      "\n]\n```",
                      new InObject("tool_name", "parameters")))
              .ignoring("<|CHATBOT_TOKEN|>", "<|END_OF_TURN_TOKEN|>"),
          new Family(
                  "functionary-3.2",
                  ">>>all",
                  new CallSyntax(">>>", ">>>", "", new Named("", "\n", new Json(), "")),
                  new CallSyntax(">>>", "", new Code(List.of("python"), true, "code")))
              .ignoring(">>>all\n"),
          new Family(
              "firefunction", "functools[", new CallSyntax(" functools[", ", ", "]", ARGUMENTS)),
          new Family(
              "seed-oss",
              "seed:tool_call",
              new CallSyntax(
                  "<seed:tool_call>\n",
                  "\n</seed:tool_call>\n<seed:tool_call>\n",
                  "\n</seed:tool_call>",
                  new Named(
                      "<function=",
                      ">\n",
                      new Elements("<parameter=", ">", ">", "</parameter>\n"),
                      "</function>"))),
          new Family(
              "minimax",
              "minimax:tool_call",
              new CallSyntax("<minimax:tool_call>\n", "\n", "\n</minimax:tool_call>", INVOKE)),
          new Family(
              "glm",
              "<tool_call> & <arg_key>",
              new CallSyntax(
                  "<tool_call>",
                  "<tool_call>",
                  "",
                  new Named(
                      "",
                      "",
                      new Elements(
                          "<arg_key>",
                          "</arg_key><arg_value>",
                          "</arg_key><arg_value>",
                          "</arg_value>"),
                      "</tool_call>")),
              HERMES),
          new Family(
              "qwen-xml",
              "<tool_call> & <function=",
              new CallSyntax(
                  "<tool_call>\n",
                  "\n</tool_call>\n<tool_call>\n",
                  "\n</tool_call>",
                  QWEN_ELEMENTS),
              HERMES,
              new CallSyntax("", "", QWEN_ELEMENTS)),
          new Family(
                  "tool-calls-list",
                  "<tool_calls>",
                  new CallSyntax("\n<tool_calls>[", ", ", "]</tool_calls>", ARGUMENTS))
              .ignoring("[BEGIN FINAL RESPONSE]", "[END FINAL RESPONSE]", "<answer>", "</answer>"),
          new Family("hermes", "<tool_call>", HERMES),
          new Family(
              "mcp",
              "<use_mcp_tool>",
              new CallSyntax(
                  "<use_mcp_tool>\n",
                  "\n",
                  "\n</use_mcp_tool>",
                  new Named(
                      "<server_name>",
                      "</tool_name>\n<arguments>\n",
                      new Json(),
                      "\n</arguments>"))),
          new Family("lfm-2", "<|tool_list_start|>", LFM, LFM_JSON),
          new Family("lfm-2", "<|tool_call_start|>", LFM, LFM_JSON),
          new Family(
              "apertus",
              "<|tools_prefix|>",
              new CallSyntax(
                  "<|tools_prefix|>[",
                  ", ",
                  "]<|tools_suffix|>",
                  new Named("{\"", "\": ", new Json(), "}"))),
          new Family(
              "gigachat-3",
              "'function call' & <|role_sep|>",
              new CallSyntax("<|message_sep|>\n\nfunction call<|role_sep|>\n", "", ARGUMENTS)),
          new Family(
              "minicpm",
              "<function name= & <param name=",
              new CallSyntax(
                  "",
                  "",
                  new Named(
                      "<function name=\"",
                      "\">",
                      new Elements("<param name=\"", "\">", "\">", "</param>"),
                      "</function>"))),
          new Family(
              "gigachat", "<|function_call|>", new CallSyntax("<|function_call|>", "", ARGUMENTS)),
          new Family(
              "nemotron",
              "<TOOLCALL>",
              new CallSyntax("<TOOLCALL>[", ", ", "]</TOOLCALL>", ARGUMENTS)),
          new Family(
              "internlm",
              "<|action_start|>",
              new CallSyntax("<|action_start|><|plugin|>\n", "<|action_end|>", PARAMETERS)),
          new Family(
              "olmo",
              "<function_calls>",
              new CallSyntax("<function_calls>\n", "\n", "\n</function_calls>", PYTHON)),
          new Family(
                  "granite",
                  "<|start_of_role|>",
                  new CallSyntax("<|tool_call|>[", ", ", "]", ARGUMENTS))
              .ignoring("<response>", "</response>"),
          new Family(
              "phi-4",
              "<|tool|> & <|/tool|>",
              new CallSyntax("<|tool_call|>[", ", ", "]<|/tool_call|>", ARGUMENTS),
              new CallSyntax("functools[", ", ", "]", ARGUMENTS)),
          new Family(
              "functionary-3.1",
              "<function= & <|python_tag|>",
              new CallSyntax("", "", "", FUNCTION_TAG),
              CODE),
          new Family(
              "llama-3",
              "<|start_header_id|>",
              JSON_ALONE,
              new CallSyntax("<|python_tag|>", "", PARAMETERS),
              new CallSyntax(
                  "<|python_tag|>", "", new Named("", ".call(", new Members('=', ""), ")")),
              new CallSyntax("", "", "", FUNCTION_TAG),
              CODE),
          new Family(
                  "llama-4", "<|header_start|>", new CallSyntax("[", ", ", "]", PYTHON), JSON_ALONE)
              .ignoring("<|python_start|>", "<|python_end|>"),
          new Family(UNKNOWN, "", HERMES, JSON_ALONE));

  private static final List<Reasoning> REASONING =
      List.of(
          new Reasoning(
              "<|channel|>analysis<|message|>",
              "<|end|>",
              "<|end|><|start|>assistant<|channel|>final<|message|>",
              "<|channel|>"),
          new Reasoning("<|channel>thought\n", "<channel|>", "\n<channel|>", "<|channel>"),
          new Reasoning(
              "<|START_THINKING|>", "<|END_THINKING|>", "<|END_THINKING|>", "<|START_THINKING|>"),
          new Reasoning(
              "<|inner_prefix|>", "<|inner_suffix|>", "<|inner_suffix|>", "<|inner_prefix|>"),
          new Reasoning("[THINK]", "[/THINK]", "[/THINK]", "[THINK]"),
          new Reasoning("<seed:think>", "</seed:think>", "\n</seed:think>\n", "seed:think"),
          new Reasoning("<thinking>", "</thinking>", "\n</thinking>\n", "<thinking>"),
          new Reasoning("<thought>", "</thought>", "\n</thought>\n\n", "<thought>"),
          new Reasoning("<think>", "</think>", "\n</think>\n\n", "<think>", "</think>"),
          new Reasoning(
              "Here are my reasoning steps:",
              "[BEGIN FINAL RESPONSE]",
              "\n[BEGIN FINAL RESPONSE]\n",
              "Here are my reasoning steps:"),
          new Reasoning(
              "Here is my thought process:",
              "Here is my response:",
              "\n\nHere is my response:",
              "Here is my thought process:"));

  private ReplyFormats() {}

  static ReplyFormat detect(String template) {
    var family =
        FAMILIES.stream()
            .filter(row -> row.signs().stream().allMatch(template::contains))
            .findFirst()
            .orElseThrow();
    var reasoning =
        REASONING.stream()
            .filter(row -> row.signs().stream().anyMatch(template::contains))
            .map(Reasoning::syntax)
            .toList();
    return new ReplyFormat(family.name(), reasoning, family.calls(), family.ignored());
  }
}
