<?php

/**
 * The one class that talks to ELMED.
 *
 * Used by the settings' connection test, the sync, the gate and the jobs of orders. It sends the key to the one address
 * of the settings, follows no redirect with it, counts every request (Api\Budget), and never throws: what went wrong is
 * in the Answer. It writes nothing but the log and the count.
 */

namespace Elmed\WooCommerce\Api;

use Elmed\WooCommerce\Log;
use Elmed\WooCommerce\Settings\Address;
use Elmed\WooCommerce\Settings\Key;
use Elmed\WooCommerce\Settings\Options;

final class Client
{
    public const PATH = '/api/public/v1';
    private const TIMEOUT = 5;

    private Budget $budget;

    public function __construct(?Budget $budget = null)
    {
        $this->budget = $budget ?? new Budget();
    }

    /**
     * Sends one request.
     *
     * @param string               $method  GET, POST, PUT, PATCH or DELETE.
     * @param string               $path    Below /api/public/v1, e.g. "/products".
     * @param array<string, mixed> $options body (array, sent as JSON), query (array), idempotency_key (string), timeout (seconds, 5),
     *                                      urgent (a shopper waits for it: counted, but never refused by the own limit).
     */
    public function request(string $method, string $path, array $options = array()): Answer
    {
        $base = Options::baseUrl();
        if (!Key::exists() || !Address::isSafe($base)) {
            return Answer::none(Answer::NOT_SET_UP, __('There is no API key yet.', 'elmed-for-woocommerce'));
        }
        $wait = $this->budget->take(!empty($options['urgent']));
        if ($wait > 0) {
            return new Answer(429, array('code' => Answer::OWN_LIMIT), $wait);
        }
        $started = microtime(true);
        $response = wp_remote_request(self::url($base, $path, $options), self::arguments($method, $options));
        $answer = self::answer($response);
        if ($answer->status === 429 && $answer->code === 'rate_limited') {
            $this->budget->pause(max(1, (int) $answer->retry_after));
        }
        self::log($method, $path, $answer, (int) round((microtime(true) - $started) * 1000));
        return $answer;
    }

    /** @param array<string, mixed> $options */
    private static function url(string $base, string $path, array $options): string
    {
        $query = array_filter($options['query'] ?? array(), static fn ($value) => $value !== null);
        return $base . self::PATH . $path . ($query ? '?' . http_build_query($query, '', '&', PHP_QUERY_RFC3986) : '');
    }

    /**
     * @param array<string, mixed> $options
     * @return array<string, mixed>
     */
    private static function arguments(string $method, array $options): array
    {
        $headers = array('X-API-Key' => Key::value(), 'Accept' => 'application/json');
        $arguments = array(
            'method' => $method,
            'timeout' => $options['timeout'] ?? self::TIMEOUT,
            'redirection' => 0,
            'user-agent' => 'elmed-for-woocommerce/' . ELMED_WC_VERSION,
        );
        if (isset($options['idempotency_key'])) {
            $headers['Idempotency-Key'] = $options['idempotency_key'];
        }
        if (isset($options['body'])) {
            $headers['Content-Type'] = 'application/json';
            $arguments['body'] = wp_json_encode($options['body'] === array() ? new \stdClass() : $options['body']);
        }
        return $arguments + array('headers' => $headers);
    }

    /** @param array<string, mixed>|\WP_Error $response */
    private static function answer($response): Answer
    {
        if (is_wp_error($response)) {
            $answer = Answer::none();
            // "cURL error 60: SSL certificate problem …": what the shop's host wants to hear.
            $answer->detail = $response->get_error_message();
            return $answer;
        }
        $data = json_decode(wp_remote_retrieve_body($response), true);
        $retry = wp_remote_retrieve_header($response, 'retry-after');
        $requestId = wp_remote_retrieve_header($response, 'x-request-id');
        $answer = new Answer(
            (int) wp_remote_retrieve_response_code($response),
            is_array($data) ? $data : null,
            is_numeric($retry) ? (int) ceil((float) $retry) : null,
            is_string($requestId) && $requestId !== '' ? $requestId : null
        );
        if ($answer->isRedirect()) {
            $answer->location = (string) wp_remote_retrieve_header($response, 'location');
        }
        return $answer;
    }

    /** Paths hold ids only; queries are left out, since they may hold more. */
    private static function log(string $method, string $path, Answer $answer, int $milliseconds): void
    {
        $facts = array('status' => $answer->status, 'code' => $answer->code, 'ms' => $milliseconds, 'request' => $answer->request_id);
        if ($answer->ok()) {
            Log::debug($method . ' ' . $path, $facts);
        } else {
            Log::warning($method . ' ' . $path, $facts);
        }
    }
}
