<?php

/**
 * What the last connection test found, in one word and in words for people.
 *
 * Made by Settings\ConnectionTest; shown by the settings page, Site Health, the status report and WP-CLI.
 */

namespace Elmed\WooCommerce\Settings;

final class Connection
{
    public const OPTION = 'elmed_connection';

    public const CONNECTED = 'connected';
    public const NO_KEY = 'no_key';
    public const UNSAFE_ADDRESS = 'unsafe_address';
    public const KEY_REFUSED = 'key_refused';
    public const SCOPE_MISSING = 'scope_missing';
    public const NOT_A_PHARMACY = 'not_a_pharmacy';
    public const ACCOUNT_NOT_ACTIVE = 'account_not_active';
    public const IP_NOT_ALLOWED = 'ip_not_allowed';
    public const BUSY = 'busy';
    public const REDIRECTS = 'redirects';
    public const NOT_ELMED = 'not_elmed';
    public const UNREACHABLE = 'unreachable';

    public string $state;
    /** @var array<string, mixed> account, account_id, mode, scopes, missing, location, said, request_id, now: what the state has. */
    public array $facts;
    /** When it was tested, in seconds since 1970. */
    public int $at;

    /** @param array<string, mixed> $facts */
    public function __construct(string $state, array $facts = array(), ?int $at = null)
    {
        $this->state = $state;
        $this->facts = $facts;
        $this->at = $at ?? time();
    }

    public function connected(): bool
    {
        return $this->state === self::CONNECTED;
    }

    /** Whether the key acts in the test world: nothing that is sold with it is real. */
    public function isTest(): bool
    {
        return ($this->facts['mode'] ?? '') === 'test';
    }

    /** Which account in which world: products of another one are other products. */
    public function account(): string
    {
        return ($this->facts['mode'] ?? 'live') . ':' . ($this->facts['account_id'] ?? 0);
    }

    /** One word or two, for the start of the line. */
    public function title(): string
    {
        return $this->connected() ? __('Connected', 'elmed-for-woocommerce') : __('Not connected', 'elmed-for-woocommerce');
    }

    /** What it means, and what to do. */
    public function text(): string
    {
        $said = self::texts()[$this->state];
        $fill = array(
            '{account}' => (string) ($this->facts['account'] ?? ''),
            '{scopes}' => implode(', ', (array) ($this->facts['scopes'] ?? array())),
            '{missing}' => implode(' + ', (array) ($this->facts['missing'] ?? array())),
            '{address}' => Options::baseUrl(),
            '{location}' => (string) ($this->facts['location'] ?? ''),
        );
        $reason = (string) ($this->facts['said'] ?? '');
        return strtr($said, $fill) . ($reason === '' ? '' : ' (' . $reason . ')');
    }

    public function keep(): void
    {
        update_option(self::OPTION, array('state' => $this->state, 'facts' => $this->facts, 'at' => $this->at), false);
    }

    /** The last one that was kept; null before the first test. */
    public static function last(): ?self
    {
        $kept = get_option(self::OPTION);
        if (!is_array($kept) || !isset($kept['state'], self::texts()[$kept['state']])) {
            return null;
        }
        return new self($kept['state'], (array) ($kept['facts'] ?? array()), (int) ($kept['at'] ?? 0));
    }

    /** @return array<string, string> */
    private static function texts(): array
    {
        return array(
            self::CONNECTED => __('to {account}, with the scopes {scopes}.', 'elmed-for-woocommerce'),
            self::NO_KEY => __('There is no API key yet. In your ELMED pharmacy portal, open Settings → WooCommerce, create a key for WooCommerce, and paste it here.', 'elmed-for-woocommerce'),
            self::UNSAFE_ADDRESS => __('The address of ELMED, {address}, does not begin with https://. The key is not sent there.', 'elmed-for-woocommerce'),
            self::KEY_REFUSED => __('ELMED refused the key: it was mistyped, revoked, or has expired. Create a new one in the pharmacy portal under Settings → WooCommerce.', 'elmed-for-woocommerce'),
            self::SCOPE_MISSING => __('The key works, but lacks {missing}. Scopes cannot be added to a key: create a new one with the scopes rx:read and rx:dispense (or shop), and revoke this one.', 'elmed-for-woocommerce'),
            self::NOT_A_PHARMACY => __('The key works, but belongs to {account}, which is not a pharmacy. Create the key in the pharmacy portal.', 'elmed-for-woocommerce'),
            self::ACCOUNT_NOT_ACTIVE => __('The key works, but the account {account} is not active in ELMED: not verified yet, suspended, or its licence has expired. The pharmacy portal says which.', 'elmed-for-woocommerce'),
            self::IP_NOT_ALLOWED => __('The key works from other addresses only: its IP list in ELMED does not include this server.', 'elmed-for-woocommerce'),
            self::BUSY => __('ELMED answers, but the requests of this minute are used up. Try again in a minute.', 'elmed-for-woocommerce'),
            self::REDIRECTS => __('{address} leads to {location}. The key is not sent after a redirect: enter the final address.', 'elmed-for-woocommerce'),
            self::NOT_ELMED => __('{address} answers, but it is not ELMED. Check the address.', 'elmed-for-woocommerce'),
            self::UNREACHABLE => __('ELMED is not reachable at {address} from this server. Check the address; if it is right, try again in a few minutes, and ask your host whether the server may call other servers over https.', 'elmed-for-woocommerce'),
        );
    }
}
