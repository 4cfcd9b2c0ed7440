<?php

/**
 * Asks ELMED whose key this is, and whether it can do what a shop needs.
 *
 * Called by the settings page (Test Connection), Site Health, WP-CLI and the start of a sync. It keeps what it found
 * (Settings\Connection) and changes nothing else.
 */

namespace Elmed\WooCommerce\Settings;

use Elmed\WooCommerce\Api\Answer;
use Elmed\WooCommerce\Api\Client;

final class ConnectionTest
{
    /** A shop can do everything with either of these sets. */
    private const ENOUGH = array(array('shop'), array('rx:read', 'rx:dispense'));

    private Client $client;

    public function __construct(?Client $client = null)
    {
        $this->client = $client ?? new Client();
    }

    /**
     * Tests the stored key at the stored address, and keeps the result.
     *
     * @param bool $whole Also looks at the catalogue, since some refusals show only where something is asked for; a sync,
     *                    which is about to read it, leaves that out.
     */
    public function run(bool $whole = true): Connection
    {
        $found = $this->find($whole);
        $found->keep();
        return $found;
    }

    private function find(bool $whole): Connection
    {
        if (!Key::exists()) {
            return new Connection(Connection::NO_KEY);
        }
        if (!Address::isSafe(Options::baseUrl())) {
            return new Connection(Connection::UNSAFE_ADDRESS);
        }
        $answer = $this->client->request('GET', '/me', array('urgent' => true, 'timeout' => 10));
        return self::refused($answer) ?? $this->examine($answer, $whole);
    }

    /** What /me says; then, for the whole test, one look at the catalogue. */
    private function examine(Answer $answer, bool $whole): Connection
    {
        $account = $answer->data['account'] ?? null;
        $scopes = $answer->data['scopes'] ?? $answer->data['key']['scopes'] ?? null;
        if (!is_array($account) || !isset($account['id'], $account['name'], $account['kind']) || !is_array($scopes)) {
            return new Connection(Connection::NOT_ELMED);
        }
        $facts = array(
            'account' => sanitize_text_field((string) $account['name']),
            'account_id' => (int) $account['id'],
            'mode' => ($answer->data['mode'] ?? '') === 'test' ? 'test' : 'live',
            'now' => (int) strtotime((string) ($answer->data['now'] ?? '')) ?: time(),
            'scopes' => array_values(array_map('sanitize_text_field', array_filter($scopes, 'is_string'))),
        );
        if ($account['kind'] !== 'pharmacy') {
            return new Connection(Connection::NOT_A_PHARMACY, $facts);
        }
        $missing = self::missing($facts['scopes']);
        if ($missing) {
            return new Connection(Connection::SCOPE_MISSING, $facts + array('missing' => $missing));
        }
        if (!$whole) {
            return new Connection(Connection::CONNECTED, $facts);
        }
        $catalogue = $this->client->request('GET', '/products', array('query' => array('limit' => 1), 'urgent' => true, 'timeout' => 10));
        return self::refused($catalogue, $facts) ?? new Connection(Connection::CONNECTED, $facts);
    }

    /**
     * What a refusal means; null when it was none.
     *
     * @param array<string, mixed> $facts
     */
    private static function refused(Answer $answer, array $facts = array()): ?Connection
    {
        $facts += array('request_id' => $answer->request_id);
        $by_code = array(
            'insufficient_scope' => Connection::SCOPE_MISSING,
            'account_not_active' => Connection::ACCOUNT_NOT_ACTIVE,
            'ip_not_allowed' => Connection::IP_NOT_ALLOWED,
            'permission_denied' => Connection::NOT_A_PHARMACY,
        );
        if ($answer->ok() && $answer->is_json) {
            return null;
        }
        if ($answer->isRedirect()) {
            return new Connection(Connection::REDIRECTS, array('location' => esc_url_raw((string) $answer->location)));
        }
        if ($answer->status === 0 || $answer->status >= 500) {
            $said = $answer->status === 0 ? sanitize_text_field((string) $answer->detail) : 'HTTP ' . $answer->status;
            return new Connection(Connection::UNREACHABLE, $facts + array('said' => $said));
        }
        if ($answer->code === null) {
            // Every refusal of ELMED's has a code; a page of another server has none.
            return new Connection(Connection::NOT_ELMED);
        }
        if ($answer->status === 401) {
            return new Connection(Connection::KEY_REFUSED, $facts);
        }
        if (isset($by_code[$answer->code])) {
            $missing = array_filter((array) ($answer->data['needed_scopes'] ?? array()), 'is_string');
            return new Connection($by_code[$answer->code], $facts + array('missing' => $missing));
        }
        return new Connection($answer->status === 429 ? Connection::BUSY : Connection::NOT_ELMED, $facts);
    }

    /**
     * The scopes to add, by the shorter way; none when the key can do all that a shop needs.
     *
     * @param array<int, string> $scopes
     * @return array<int, string>
     */
    private static function missing(array $scopes): array
    {
        $ways = array_map(static fn ($enough) => array_values(array_diff($enough, $scopes)), self::ENOUGH);
        if (in_array(array(), $ways, true)) {
            return array();
        }
        // Somebody who gave rx:read wants to hear of rx:dispense, not of shop.
        return count($ways[1]) === 1 ? $ways[1] : array('rx:read', 'rx:dispense');
    }
}
