package dev.educe.cli;

import dev.educe.template.Template;
import dev.educe.template.TemplateException;
import dev.educe.template.Value;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/// `educe template`: what a chat template makes of a conversation, for people who write templates.
@Command(
    name = "template",
    customSynopsis = "educe template [OPTION]… FILE < ARGUMENTS",
    description = {
      "Prints what a chat template renders, or says what is wrong with it.",
      "",
      "Standard input is a JSON object of the template's variables: messages, tools and so on. Of"
          + " itself, bos_token is <s>, eos_token is </s>, and add_generation_prompt is true."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  echo '{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}' > hi.json",
      "  educe template chat.jinja < hi.json",
      "  educe template chat.jinja --now 2026-01-15T09:30:00 < hi.json"
    })
final class TemplateCommand implements Callable<Integer> {
  private final Console console;

  @Spec private CommandSpec command;

  @Parameters(
      index = "0",
      arity = "0..1",
      hideParamSyntax = true,
      paramLabel = "FILE",
      description = "A Jinja template.")
  private Path file;

  @Option(
      names = "--now",
      paramLabel = "TIME",
      converter = Time.class,
      description = "The local time that strftime_now tells: 2026-01-15T09:30:00.")
  private LocalDateTime now;

  TemplateCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (file == null) {
      throw new ParameterException(
          command.commandLine(), "FILE is missing: give the path of a Jinja template");
    }
    byte[] source = Files.readAllBytes(ModelFile.readable(file));
    var arguments = new LinkedHashMap<String, Value>();
    arguments.put("bos_token", Value.trusted("<s>"));
    arguments.put("eos_token", Value.trusted("</s>"));
    arguments.put("add_generation_prompt", Value.trusted(true));
    given().forEach((name, value) -> arguments.put(name, Value.content(value)));
    try {
      var template = Template.parse(Display.decode(source, file.toString()));
      var time = now == null ? LocalDateTime.now() : now;
      console.printForeign(template.render(arguments, time).text());
    } catch (TemplateException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
    return ExitCode.OK;
  }

  /// Reads a local time.
  static final class Time implements ITypeConverter<LocalDateTime> {
    @Override
    public LocalDateTime convert(String text) {
      try {
        return LocalDateTime.parse(text);
      } catch (DateTimeParseException e) {
        throw new TypeConversionException("give a time as 2026-01-15T09:30:00, not '" + text + "'");
      }
    }
  }

  private Map<String, Object> given() throws IOException {
    String json = console.readAll();
    if (json.isBlank()) {
      return Map.of();
    }
    try {
      Map<String, Object> given = JsonMapper.shared().readValue(json, new TypeReference<>() {});
      return given == null ? Map.of() : given;
    } catch (JacksonException e) {
      String where = e.getLocation() == null ? "" : " (line " + e.getLocation().getLineNr() + ")";
      throw new IOException("standard input is not a JSON object" + where, e);
    }
  }
}
