/* Conf, shown: what holds (--print-config), and the help of a table of options. */
#include <evt/conf.h>

#include "conf_internal.h"

#include <evt/buf.h>
#include <string.h>

#define HELP_WIDTH  96 /* fits a terminal of 100 */
#define HELP_COLUMN 28 /* where the words begin, behind "  -d, --data-dir FOLDER" */

size_t evt__conf_columns(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void print_padded(FILE *out, const char *text, size_t width)
{
    fprintf(out, "%s%*s", text, (int)(width - evt__conf_columns(text)), "");
}

/* ---- what holds ---- */

struct columns {
    size_t name, value;
};

static const char *shown(const char *value, bool secret)
{
    return !value ? "" : secret ? "***" : value;
}

static void widen(struct columns *columns, const char *name, const char *value)
{
    size_t name_len = evt__conf_columns(name), value_len = evt__conf_columns(value);

    if (name_len > columns->name)
        columns->name = name_len;
    if (value_len > columns->value)
        columns->value = value_len;
}

static void print_line(FILE *out, const struct columns *columns, const char *name,
                       const char *value, const struct evt__found *found)
{
    print_padded(out, name, columns->name + 2);
    print_padded(out, value, columns->value + 2);
    switch (found->origin) {
    case EVT__ORIGIN_NONE:
        fputs("not set\n", out);
        break;
    case EVT__ORIGIN_DEFAULT:
        fputs("default\n", out);
        break;
    case EVT__ORIGIN_FLAG:
        fputs("flag\n", out);
        break;
    case EVT__ORIGIN_ENVIRONMENT:
        fprintf(out, "environment %s\n", found->from);
        break;
    case EVT__ORIGIN_FILE:
        fprintf(out, "file %s\n", found->from);
        break;
    }
}

/* All values of an option that may be given many times, else the one. */
static void value_of(const struct evt_conf *conf, size_t i, struct evt_buf *ret_value)
{
    const struct evt__setting *setting = &conf->settings[i];
    bool secret = conf->options[i].secret;

    evt_buf_clear(ret_value);
    if (conf->options[i].kind == EVT_OPTION_FLAG && setting->last.value) {
        evt_buf_add_text(ret_value, setting->flag ? "true" : "false");
        return;
    }
    for (size_t n = 0; n < setting->values_n; n++) {
        if (n)
            evt_buf_add_text(ret_value, ", ");
        evt_buf_add_text(ret_value, shown(setting->values[n], secret));
    }
}

/* What a verb could be told but was not says nothing; librdkafka's properties have lines of their
 * own, and that we are asked to print is clear. */
static bool is_printed(const struct evt_conf *conf, size_t i)
{
    const struct evt_option *option = &conf->options[i];

    if (option->flag_only && conf->settings[i].last.origin == EVT__ORIGIN_NONE)
        return false;
    return strcmp(option->name, EVT__PROPERTY) != 0 && strcmp(option->name, "print-config") != 0;
}

void evt_conf_print(const struct evt_conf *conf, FILE *out)
{
    struct evt_buf value = {0};
    struct columns columns = {0};

    for (int pass = 0; pass < 2; pass++) { /* measure, then print */
        for (size_t i = 0; i < conf->options_n; i++) {
            if (!is_printed(conf, i))
                continue;
            value_of(conf, i, &value);
            if (pass == 0)
                widen(&columns, conf->options[i].name, evt_buf_text(&value));
            else
                print_line(out, &columns, conf->options[i].name, evt_buf_text(&value),
                           &conf->settings[i].last);
        }
        for (size_t i = 0; i < conf->properties_n; i++) {
            const struct evt__property *property = &conf->properties[i];
            const char *text =
                shown(property->found.value, evt__conf_property_secret(property->name));
            if (pass == 0)
                widen(&columns, property->name, text);
            else
                print_line(out, &columns, property->name, text, &property->found);
        }
    }
    evt_buf_release(&value);
}

/* ---- help ---- */

/* Prints words from `column` on, each line within the width. `at` is where the pen stands. */
static void print_words(FILE *out, const char *words, size_t at, size_t column)
{
    bool first = true;

    while (*words) {
        size_t len = strcspn(words, " ");
        size_t width = len;
        for (size_t i = 0; i < len; i++)
            width -= ((unsigned char)words[i] & 0xc0) == 0x80;
        if (at > column && at + 1 + width > HELP_WIDTH) {
            fputc('\n', out);
            at = 0;
            first = true;
        }
        if (at < column) {
            fprintf(out, "%*s", (int)(column - at), "");
            at = column;
        }
        fprintf(out, "%s%.*s", first ? "" : " ", (int)len, words);
        at += width + !first;
        first = false;
        words += len + (words[len] == ' ');
    }
    fputc('\n', out);
}

static void left_side(const struct evt_option *option, struct evt_buf *ret_left)
{
    char env[EVT__ENV_SIZE];

    if (option->secret) { /* there is no flag to be shown */
        evt__conf_env_name(option->name, env);
        evt_buf_printf(ret_left, "      %s[_FILE]", env);
        return;
    }
    if (option->letter)
        evt_buf_printf(ret_left, "  -%c, --%s", option->letter, option->name);
    else
        evt_buf_printf(ret_left, "      --%s", option->name);
    if (option->value && option->kind != EVT_OPTION_FLAG)
        evt_buf_printf(ret_left, " %s", option->value);
}

/* "where stores lie (default: data; DATA_DIR)" */
static void right_side(const struct evt_option *option, struct evt_buf *ret_right)
{
    char env[EVT__ENV_SIZE];
    const char *between = " (";

    evt_buf_add_text(ret_right, option->help);
    for (size_t i = 0; option->kind == EVT_OPTION_CHOICE && option->choices[i]; i++) {
        evt_buf_printf(ret_right, "%s%s", i ? ", " : between, option->choices[i]);
        between = "; ";
    }
    if (option->fallback) {
        evt_buf_printf(ret_right, "%sdefault: %s", between, option->fallback);
        between = "; ";
    }
    if (!option->flag_only && !option->secret) {
        evt__conf_env_name(option->name, env);
        evt_buf_printf(ret_right, "%s%s", between, env);
        between = "; ";
    }
    if (*between == ';')
        evt_buf_add_byte(ret_right, ')');
}

void evt_conf_help(const struct evt_option *options, FILE *out)
{
    struct evt_buf left = {0}, right = {0};
    size_t at;

    for (; options->name; options++) {
        evt_buf_clear(&left);
        evt_buf_clear(&right);
        left_side(options, &left);
        right_side(options, &right);
        fputs(evt_buf_text(&left), out);
        at = evt__conf_columns(evt_buf_text(&left));
        if (at + 2 > HELP_COLUMN) {
            fputc('\n', out);
            print_words(out, evt_buf_text(&right), 0, HELP_COLUMN);
        } else {
            print_words(out, evt_buf_text(&right), at, HELP_COLUMN);
        }
    }
    evt_buf_release(&left);
    evt_buf_release(&right);
}
