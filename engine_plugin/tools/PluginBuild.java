import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.ToolProvider;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/**
 * Builds the plugin's zip with a JDK and a node's libraries, without anything else:
 *
 * <pre>java engine_plugin/tools/PluginBuild.java engine_plugin LIBRARIES CLASSES ZIP</pre>
 *
 * compiles to the folder CLASSES with the jars of the folder LIBRARIES; `-` for LIBRARIES: CLASSES
 * is compiled already, as by Maven. The same sources and compiler give the same bytes anywhere.
 */
public final class PluginBuild {
  private static final LocalDateTime SAME_TIME = LocalDateTime.of(1980, 2, 1, 0, 0);

  private final Path project;
  private final Document pom;

  private PluginBuild(Path project) throws Exception {
    this.project = project;
    this.pom =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(project.resolve("pom.xml").toFile());
  }

  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 4) {
      System.err.println("usage: java PluginBuild.java PROJECT LIBRARIES|- CLASSES ZIP");
      System.exit(2);
    }
    PluginBuild build = new PluginBuild(Path.of(arguments[0]));
    Path classes = Path.of(arguments[2]);
    if (!arguments[1].equals("-") && !build.compile(Path.of(arguments[1]), classes)) {
      System.exit(1);
    }
    build.write(classes, Path.of(arguments[3]));
  }

  private boolean compile(Path libraries, Path classes) throws IOException {
    List<String> arguments =
        new ArrayList<>(List.of("--release", properties().get("maven.compiler.release")));
    for (Node argument : children(pom.getElementsByTagName("compilerArgs").item(0))) {
      arguments.add(argument.getTextContent());
    }
    arguments.addAll(List.of("-g", "-encoding", "UTF-8", "-d", classes.toString()));
    arguments.addAll(List.of("-cp", classPath(libraries)));
    for (Path source : files(project.resolve("src/main/java")).values()) {
      arguments.add(source.toString());
    }
    return ToolProvider.getSystemJavaCompiler()
            .run(null, System.err, System.err, arguments.toArray(String[]::new))
        == 0;
  }

  private static String classPath(Path libraries) throws IOException {
    try (Stream<Path> files = Files.list(libraries)) {
      return files
          .map(Path::toString)
          .filter(name -> name.endsWith(".jar"))
          .sorted()
          .collect(Collectors.joining(File.pathSeparator));
    }
  }

  private void write(Path classes, Path target) throws IOException {
    SortedMap<String, byte[]> jar = new TreeMap<>();
    for (Map.Entry<String, Path> file : files(classes).entrySet()) {
      jar.put(file.getKey(), Files.readAllBytes(file.getValue()));
    }
    SortedMap<String, byte[]> plugin = new TreeMap<>();
    plugin.put("live-intent-" + properties().get("project.version") + ".jar", zip(jar));
    plugin.put("plugin-descriptor.properties", descriptor().getBytes(StandardCharsets.UTF_8));
    Path policy = project.resolve("plugin-security.policy");
    plugin.put("plugin-security.policy", Files.readAllBytes(policy));
    Files.write(target, zip(plugin));
  }

  /** The descriptor, with the values of the pom in place of their names. */
  private String descriptor() throws IOException {
    String template = Files.readString(project.resolve("plugin-descriptor.properties"));
    return Pattern.compile("\\$\\{([\\w.]+)}")
        .matcher(template)
        .replaceAll(name -> Matcher.quoteReplacement(properties().get(name.group(1))));
  }

  private Map<String, String> properties() {
    Map<String, String> values = new HashMap<>();
    for (Node node : children(pom.getDocumentElement())) {
      if (node.getNodeName().equals("version")) {
        values.put("project.version", node.getTextContent());
      }
      if (node.getNodeName().equals("properties")) {
        children(node).forEach(each -> values.put(each.getNodeName(), each.getTextContent()));
      }
    }
    return values;
  }

  private static List<Node> children(Node parent) {
    List<Node> elements = new ArrayList<>();
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element) {
        elements.add(node);
      }
    }
    return elements;
  }

  /** The files of a folder by their path in it, whatever the system's separator. */
  private static SortedMap<String, Path> files(Path folder) throws IOException {
    SortedMap<String, Path> files = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(folder)) {
      paths
          .filter(Files::isRegularFile)
          .forEach(file -> files.put(folder.relativize(file).toString().replace('\\', '/'), file));
    }
    return files;
  }

  /** An archive without compression: compressors differ from Java to Java. */
  private static byte[] zip(SortedMap<String, byte[]> contents) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = bytes;
        ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.setMethod(ZipOutputStream.STORED);
      for (Map.Entry<String, byte[]> file : contents.entrySet()) {
        ZipEntry entry = new ZipEntry(file.getKey());
        CRC32 checksum = new CRC32();
        checksum.update(file.getValue());
        entry.setTimeLocal(SAME_TIME);
        entry.setSize(file.getValue().length);
        entry.setCrc(checksum.getValue());
        zip.putNextEntry(entry);
        zip.write(file.getValue());
        zip.closeEntry();
      }
    }
    return bytes.toByteArray();
  }
}
