import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.text.DateFormatSymbols;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.joda.time.DateTime;
import org.joda.time.DateTimeZone;
import org.joda.time.format.DateTimeFormat;

/**
 * What Java itself answers. A case a line on stdin, its fields between tabs, with backslash, u and four digits for what is
 * not printable ASCII; an answer a line on stdout in the same form: "=" and the fields, or "!" when Java refuses.
 *
 *     joda    pattern, epoch ms, zone           the text
 *     write   pattern, epoch ms, zone           the text, by java.time
 *     time    text, pattern                     epoch ms
 *     regexp  pattern, text, replacement        what is found first ("-" or "=" and the text), all replaced (likewise)
 *     compile pattern                           whether it is one
 *     ids                                       ids of zones, Joda-Time's
 *     zone    id                                the id that it stands for, and its names: standard, short, summer, short
 *     read    name, pattern                     the zone that java.time takes the name for
 */
public class Oracle {
    public static void main(String[] args) throws Exception {
        Locale.setDefault(Locale.US);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        PrintStream out = new PrintStream(System.out, false, "US-ASCII");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] fields = line.split("\t", -1);
            for (int i = 0; i < fields.length; i++) fields[i] = unescape(fields[i]);
            String answer;
            try {
                answer = "=" + answer(fields);
            } catch (RuntimeException | StackOverflowError refused) {
                answer = "!";
            }
            out.println(answer);
        }
        out.flush();
    }

    private static String answer(String[] f) {
        switch (f[0]) {
            case "joda":
                return escape(DateTimeFormat.forPattern(f[1]).withLocale(Locale.US)
                        .print(new DateTime(Long.parseLong(f[2]), DateTimeZone.forID(f[3]))));
            case "write":
                return escape(DateTimeFormatter.ofPattern(f[1], Locale.US)
                        .format(Instant.ofEpochMilli(Long.parseLong(f[2])).atZone(ZoneId.of(f[3]))));
            case "time":
                return String.valueOf(epochMs(f[1], f[2]));
            case "ids":
                return escape(String.join(" ", DateTimeZone.getAvailableIDs()));
            case "zone":
                String id = DateTimeZone.forID(f[1]).getID();
                for (String[] names : new DateFormatSymbols(Locale.US).getZoneStrings()) {
                    if (names[0].equals(id)) {
                        return id + "\t" + escape(names[1] + "|" + names[2] + "|" + names[3] + "|" + names[4]);
                    }
                }
                return id + "\t";
            case "read":
                return DateTimeFormatter.ofPattern(f[2], Locale.US).parse(f[1]).query(TemporalQueries.zone()).getId();
            case "compile":
                Pattern.compile(f[1]);
                return "";
            case "regexp":
                Matcher matcher = Pattern.compile(f[1]).matcher(f[2]);
                String found = matcher.find() ? "=" + escape(matcher.group()) : "-";
                String replaced;
                try {
                    replaced = "=" + escape(Pattern.compile(f[1]).matcher(f[2]).replaceAll(f[3]));
                } catch (RuntimeException refused) {
                    replaced = "-";
                }
                return found + "\t" + replaced;
            default:
                throw new AssertionError(f[0]);
        }
    }

    /** A date is needed; without a time it is midnight, without a zone UTC. Half a time, such as minutes alone, is none. */
    private static long epochMs(String text, String pattern) {
        TemporalAccessor read = DateTimeFormatter.ofPattern(pattern, Locale.US).parse(text);
        LocalDate date = read.query(TemporalQueries.localDate());
        LocalTime time = read.query(TemporalQueries.localTime());
        ZoneOffset offset = read.query(TemporalQueries.offset());
        ZoneId zone = read.query(TemporalQueries.zone());
        if (date == null) throw new IllegalArgumentException("no date");
        if (offset != null) zone = offset;
        if (zone == null) zone = ZoneOffset.UTC;
        if (time == null) {
            for (ChronoField field : ChronoField.values()) {
                if (field.isTimeBased() && read.isSupported(field)) throw new IllegalArgumentException("part of a time");
            }
            time = LocalTime.MIDNIGHT;
        }
        if (read.isSupported(ChronoField.INSTANT_SECONDS)) return Instant.from(read).toEpochMilli();
        return ZonedDateTime.of(date, time, zone).toInstant().toEpochMilli();
    }

    private static String escape(String text) {
        StringBuilder escaped = new StringBuilder();
        for (char c : text.toCharArray()) {
            if (c >= ' ' && c < 127 && c != '\\') escaped.append(c);
            else escaped.append(String.format("\\u%04x", (int) c));
        }
        return escaped.toString();
    }

    private static String unescape(String text) {
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) != '\\') {
                plain.append(text.charAt(i));
            } else {
                plain.append((char) Integer.parseInt(text.substring(i + 2, i + 6), 16));
                i += 5;
            }
        }
        return plain.toString();
    }
}
