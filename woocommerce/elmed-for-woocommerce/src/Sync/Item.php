<?php

/**
 * One product as ELMED's API gives it, checked: what the rest of Sync works with.
 *
 * Made by Sync\Page and Sync\Gone from the API's JSON. It reads nothing and writes nothing.
 */

namespace Elmed\WooCommerce\Sync;

final class Item
{
    public int $id;
    public string $sku;
    public string $name;
    public string $description;
    /** Decimal string, taxes included; null: ELMED has no price. */
    public ?string $price;
    public string $currency;
    /** Packs as a decimal string; null: ELMED keeps no stock of it, which is not zero. */
    public ?string $stock;
    public bool $requires_prescription;
    public bool $is_controlled;
    public ?string $image_url;
    public bool $active;
    /** @var array<string, mixed> */
    private array $given;

    /**
     * @param mixed $given One element of `data`.
     * @throws Problem When it is not a product as the API describes it.
     */
    public static function from($given): self
    {
        $given = is_array($given) ? $given : array();
        $item = new self();
        $item->id = is_int($given['id'] ?? null) ? $given['id'] : 0;
        $item->sku = trim(self::text($given, 'sku'));
        $item->name = trim(self::text($given, 'name'));
        $item->description = self::text($given, 'description');
        $item->price = self::decimal($given, 'price');
        $item->currency = self::text($given, 'currency');
        $item->stock = self::decimal($given, 'stock');
        // What is not said is taken for the stricter of the two.
        $item->requires_prescription = ($given['requires_prescription'] ?? null) !== false;
        $item->is_controlled = ($given['is_controlled'] ?? null) !== false;
        $item->image_url = isset($given['image_url']) ? self::text($given, 'image_url') : null;
        $item->active = ($given['active'] ?? null) === true;
        $item->given = $given;
        if ($item->id < 1 || $item->sku === '' || $item->name === '') {
            throw new Problem(Problem::MALFORMED);
        }
        return $item;
    }

    /** Changes when anything changes that is written to the shop, or a setting by which it is written. */
    public function hash(string $settings): string
    {
        $given = $this->given;
        unset($given['updated_at']);
        ksort($given);
        return md5($settings . wp_json_encode($given));
    }

    /** Whole packs that can be sold: half a pack is none, and less than nothing is nothing. */
    public function wholePacks(): int
    {
        $stock = (string) $this->stock;
        return strncmp($stock, '-', 1) === 0 ? 0 : (int) $stock;
    }

    /** @param array<string, mixed> $given */
    private static function text(array $given, string $name): string
    {
        return is_string($given[$name] ?? null) ? $given[$name] : '';
    }

    /**
     * @param array<string, mixed> $given
     * @throws Problem When there is something, but no decimal string.
     */
    private static function decimal(array $given, string $name): ?string
    {
        $value = $given[$name] ?? null;
        if ($value === null) {
            return null;
        }
        if (!is_string($value) || preg_match('/^-?\d+(\.\d+)?$/', $value) !== 1) {
            throw new Problem(Problem::MALFORMED);
        }
        return $value;
    }
}
