<?php

/**
 * What ELMED answered to one request, or that it did not answer.
 *
 * Made by Api\Client; read by everything that asked. Refusals carry ELMED's stable `code`; texts for people are made
 * from the code by whoever asked, not taken from the answer.
 */

namespace Elmed\WooCommerce\Api;

final class Answer
{
    /** Refused here, before anything was sent: the plugin's own share of the minute is used up. */
    public const OWN_LIMIT = 'own_limit';
    /** Not sent, because there is no key or no address that a key may be sent to. */
    public const NOT_SET_UP = 'not_set_up';

    /** HTTP status; 0 when nothing came back. */
    public int $status;
    /** @var array<string, mixed> The JSON body; empty when there was none. */
    public array $data;
    public ?string $code;
    public ?string $detail;
    /** Seconds after which asking again makes sense. */
    public ?int $retry_after;
    public ?string $request_id;
    /** Where the server would send us, had we followed; set on 3xx only. */
    public ?string $location = null;
    /** Whether the body was a JSON object, as everything of ELMED's is. */
    public bool $is_json;

    /** @param array<string, mixed>|null $data */
    public function __construct(int $status, ?array $data = null, ?int $retryAfter = null, ?string $requestId = null)
    {
        $this->status = $status;
        $this->is_json = $data !== null;
        $this->data = $data ?? array();
        $this->code = $this->ok() ? null : self::text($this->data['code'] ?? null);
        $this->detail = $this->ok() ? null : self::text($this->data['detail'] ?? null);
        $this->retry_after = $retryAfter;
        $this->request_id = $requestId ?? self::text($this->data['request_id'] ?? null);
    }

    /** One that never left this machine, or to which nothing came back. */
    public static function none(?string $code = null, ?string $detail = null): self
    {
        return new self(0, $code === null ? null : array('code' => $code, 'detail' => $detail));
    }

    public function ok(): bool
    {
        return $this->status >= 200 && $this->status < 300;
    }

    /** ELMED did not answer, or answered that it cannot: ask again later. */
    public function unreachable(): bool
    {
        return $this->status === 0 || $this->status >= 500 || $this->isRedirect() || ($this->ok() && $this->status !== 204 && !$this->is_json);
    }

    public function isRedirect(): bool
    {
        return $this->status >= 300 && $this->status < 400;
    }

    /** The minute's requests are used up, by ELMED's count or by our own. */
    public function rateLimited(): bool
    {
        return $this->status === 429 && in_array($this->code, array('rate_limited', self::OWN_LIMIT), true);
    }

    /** @param mixed $value */
    private static function text($value): ?string
    {
        return is_string($value) ? $value : null;
    }
}
