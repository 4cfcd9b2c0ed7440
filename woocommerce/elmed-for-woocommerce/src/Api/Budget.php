<?php

/**
 * The shop's share of the key's requests: at most 100 in any 60 seconds, of the 120 that ELMED allows.
 *
 * Asked by Api\Client for every request. One bucket for all processes: a row of the options table, changed by
 * compare-and-swap. Jobs wait when it is empty; what a shopper waits for (urgent) counts, but is never refused by it.
 */

namespace Elmed\WooCommerce\Api;

final class Budget
{
    public const OPTION = 'elmed_budget';
    public const LIMIT = 100;
    /** Seconds are counted whole: a request at the end of one second is less than 60 away from the start of the 60th after it. */
    private const WINDOW = 61;

    /** @var callable(): int */
    private $clock;

    /** @param callable|null $clock Returns the present second; the machine's clock when not given. */
    public function __construct(?callable $clock = null)
    {
        $this->clock = $clock ?? 'time';
    }

    /**
     * Takes one request out of the bucket.
     *
     * @return int 0 when it may be sent, else the seconds to wait. An urgent one is always 0.
     */
    public function take(bool $urgent = false): int
    {
        // Many processes at once make a swap fail now and then; the last word after ten tries is "wait a second".
        for ($try = 0; $try < 10; $try++) {
            $raw = $this->read();
            $state = $this->present($raw);
            $wait = $urgent ? 0 : $this->wait($state);
            if ($wait > 0) {
                return $wait;
            }
            $now = ($this->clock)();
            $state['sent'][$now] = ($state['sent'][$now] ?? 0) + 1;
            if ($this->swap($raw, $state)) {
                return 0;
            }
        }
        return $urgent ? 0 : 1;
    }

    /** ELMED said to wait: all jobs of the shop do. */
    public function pause(int $seconds): void
    {
        for ($try = 0; $try < 10; $try++) {
            $raw = $this->read();
            $state = $this->present($raw);
            $state['until'] = max($state['until'], ($this->clock)() + $seconds);
            if ($this->swap($raw, $state)) {
                return;
            }
        }
    }

    /** @param array{until: int, sent: array<int, int>} $state */
    private function wait(array $state): int
    {
        $now = ($this->clock)();
        if ($state['until'] > $now) {
            return $state['until'] - $now;
        }
        $left = array_sum($state['sent']) - self::LIMIT;
        if ($left < 0) {
            return 0;
        }
        // The oldest leave first; wait until enough of them have left that one more fits.
        foreach ($state['sent'] as $second => $count) {
            $left -= $count;
            if ($left < 0) {
                return max(1, $second + self::WINDOW - $now);
            }
        }
        return self::WINDOW;
    }

    /**
     * What is in the row, without what is older than the window.
     *
     * @return array{until: int, sent: array<int, int>}
     */
    private function present(?string $raw): array
    {
        $state = json_decode((string) $raw, true);
        $now = ($this->clock)();
        $sent = array();
        foreach (is_array($state) ? (array) ($state['sent'] ?? array()) : array() as $second => $count) {
            // A second that lies ahead was written by a clock that has been set back since.
            if ((int) $second > $now - self::WINDOW && (int) $second <= $now) {
                $sent[(int) $second] = (int) $count;
            }
        }
        ksort($sent);
        $until = is_array($state) ? (int) ($state['until'] ?? 0) : 0;
        return array('until' => $until > $now + 3600 ? 0 : $until, 'sent' => $sent);
    }

    /** Past the options cache: another process may have written it a moment ago. */
    private function read(): ?string
    {
        global $wpdb;
        $raw = $wpdb->get_var($wpdb->prepare("SELECT option_value FROM {$wpdb->options} WHERE option_name = %s", self::OPTION));
        if ($raw !== null) {
            return $raw;
        }
        $wpdb->query($wpdb->prepare("INSERT IGNORE INTO {$wpdb->options} (option_name, option_value, autoload) VALUES (%s, '{}', 'off')", self::OPTION));
        return '{}';
    }

    /** @param array{until: int, sent: array<int, int>} $state */
    private function swap(?string $raw, array $state): bool
    {
        global $wpdb;
        $new = (string) wp_json_encode(array('until' => $state['until'], 'sent' => (object) $state['sent']));
        if ($new === $raw) {
            return true;
        }
        $changed = $wpdb->query(
            $wpdb->prepare("UPDATE {$wpdb->options} SET option_value = %s WHERE option_name = %s AND option_value = %s", $new, self::OPTION, $raw)
        );
        return $changed === 1;
    }
}
