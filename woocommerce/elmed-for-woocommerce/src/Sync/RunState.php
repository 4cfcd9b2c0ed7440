<?php

/**
 * How far a sync has come: the one record that every process reads before it goes on, and writes when it stops.
 *
 * Written by Sync\Run alone (inside its lock); read by the page, WP-CLI, Site Health, the status report and the heartbeat.
 */

namespace Elmed\WooCommerce\Sync;

final class RunState
{
    public const OPTION = 'elmed_sync_run';
    private const SEEN = 'elmed_sync_seen';
    private const CANCEL = 'elmed_sync_cancel';
    private const LAST = 'elmed_sync_last';
    private const NOTHING = array('seen' => 0, 'created' => 0, 'updated' => 0, 'adopted' => 0, 'unchanged' => 0, 'retired' => 0, 'skipped' => 0, 'problem' => 0);

    public string $id = '';
    /** "full" or "changes". */
    public string $kind = 'full';
    /** Who began it: "manual", "schedule" or "cli". */
    public string $source = 'manual';
    /** "running", "done", "cancelled" or "failed". */
    public string $state = 'done';
    /** "begin", "list", "gone" or "done". */
    public string $stage = 'begin';
    /** Changes since then only (ELMED's clock). */
    public ?string $since = null;
    /** ELMED's clock when it began: where the next one for changes starts. */
    public string $mark = '';
    /** Which key it greeted ELMED with; see Run::key(). */
    public string $key = '';
    public ?string $cursor = null;
    /** @var array<int, int> ELMED's ids of the present page that are done. */
    public array $page_done = array();
    /** @var array<string, int> */
    public array $counts = self::NOTHING;
    public int $started_at = 0;
    /** When it last got on. */
    public int $moved_at = 0;
    /** Not before then. */
    public int $next_at = 0;
    /** Steps that failed, one after the other. */
    public int $failures = 0;
    /** Why it waits or has stopped, a word of Run. */
    public string $error = '';

    /** A new one, not kept yet. */
    public static function begin(string $kind, string $source, ?string $since): self
    {
        $state = new self();
        $state->id = wp_generate_uuid4();
        $state->kind = $kind;
        $state->source = $source;
        $state->since = $since;
        $state->state = 'running';
        $state->started_at = time();
        $state->moved_at = time();
        delete_option(self::CANCEL);
        update_option(self::SEEN, '', false);
        return $state;
    }

    /** The present or last one; null when there never was one. */
    public static function load(): ?self
    {
        // Another process may have written it since this one began.
        wp_cache_delete(self::OPTION, 'options');
        $kept = get_option(self::OPTION);
        if (!is_array($kept)) {
            return null;
        }
        $state = new self();
        foreach ($kept as $name => $value) {
            if (property_exists($state, $name)) {
                $state->$name = $value;
            }
        }
        return $state;
    }

    public function keep(): void
    {
        update_option(self::OPTION, get_object_vars($this), false);
    }

    /** How many products there probably are: those of the last full sync, the best guess there is. Null where it is none. */
    public function expected(): ?int
    {
        $expected = (int) (self::last()['full']['counts']['seen'] ?? 0);
        return $this->kind === 'full' && $expected > $this->counts['seen'] ? $expected : null;
    }

    public function running(): bool
    {
        return $this->state === 'running';
    }

    public function count(string $what): void
    {
        $this->counts[$what] = ($this->counts[$what] ?? 0) + 1;
        $this->counts['seen']++;
    }

    /** Somebody wants it to stop: the process that works at it looks here before each product. */
    public static function cancel(string $id): void
    {
        update_option(self::CANCEL, $id, false);
    }

    public function isCancelled(): bool
    {
        global $wpdb;
        return $this->id === $wpdb->get_var($wpdb->prepare("SELECT option_value FROM {$wpdb->options} WHERE option_name = %s", self::CANCEL));
    }

    /** @param array<int, int> $ids ELMED's ids that the list has named. */
    public function addSeen(array $ids): void
    {
        update_option(self::SEEN, ltrim((string) get_option(self::SEEN, '') . ',' . implode(',', $ids), ','), false);
    }

    /** @return array<int, bool> ELMED's ids that the list has named, as keys. */
    public function seen(): array
    {
        $ids = array_map('intval', explode(',', (string) get_option(self::SEEN, '')));
        return array_fill_keys($ids, true);
    }

    /** Keeps what a finished one leaves to the next, and to the page. */
    public function keepAsLast(): void
    {
        $last = self::last();
        $last[$this->kind] = array('finished_at' => time(), 'started_at' => $this->started_at, 'counts' => $this->counts);
        $last['mark'] = $this->mark;
        update_option(self::LAST, $last, false);
    }

    /** @return array<string, mixed> full and changes: finished_at, started_at, counts; mark. */
    public static function last(): array
    {
        $last = get_option(self::LAST, array());
        return is_array($last) ? $last : array();
    }

    /** When a sync last came to its end; null when none did. */
    public static function lastFinished(): ?int
    {
        $last = self::last();
        $times = array_filter(array($last['full']['finished_at'] ?? 0, $last['changes']['finished_at'] ?? 0));
        return $times ? max($times) : null;
    }

    /** The next one looks at everything again. */
    public static function forgetLast(): void
    {
        delete_option(self::LAST);
    }
}
