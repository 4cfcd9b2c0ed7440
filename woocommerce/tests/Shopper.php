<?php
/**
 * Somebody with a browser and no JavaScript: keeps cookies, fills the basket, and places orders over HTTP on each of
 * the paths a shop has. It reads the forms' hidden fields and the plugin's fields from the page, as a browser would.
 */

namespace Elmed\WooCommerce\Tests;

final class Shopper {

	private const ADDRESS = array(
		'first_name' => 'Ann',
		'last_name'  => 'Shopper',
		'address_1'  => '1 High Street',
		'city'       => 'London',
		'postcode'   => 'SW1A 1AA',
		'country'    => 'GB',
		'email'      => 'ann@example.org',
		'phone'      => '02079460000',
	);

	/** @var \CurlHandle */
	private $curl;
	/** @var string Names the basket to the Store API, which then needs no nonce. */
	private $token = '';
	/** @var float Seconds that the last request took. */
	public $seconds = 0.0;

	public function __construct() {
		$this->curl = curl_init();
		curl_setopt_array( $this->curl, array( CURLOPT_RETURNTRANSFER => true, CURLOPT_COOKIEFILE => '', CURLOPT_TIMEOUT => 60, CURLOPT_HEADER => true ) );
	}

	/** Put so many of a product into the basket of both worlds, the Store API's and the session's. */
	public function add( int $product, int $quantity = 1 ): self {
		$added = $this->store( 'POST', '/cart/add-item', array( 'id' => $product, 'quantity' => $quantity ) );
		if ( $added['status'] >= 300 ) {
			throw new \RuntimeException( 'not added: ' . $added['body'] );
		}
		return $this;
	}

	/** The same for the classic pages. */
	public function addClassic( int $product, int $quantity = 1 ): self {
		$this->get( '/?add-to-cart=' . $product . '&quantity=' . $quantity );
		return $this;
	}

	/**
	 * Place the order through the block checkout's API.
	 *
	 * @param array<string, string> $proof reference and date_of_birth, or less.
	 * @return array{status:int, data:mixed, body:string}
	 */
	public function placeByBlocks( array $proof = array(), string $payment = 'cod' ): array {
		return $this->store( 'POST', '/checkout', $this->checkoutBody( $proof, $payment ) );
	}

	/** What the block checkout does while the shopper types. */
	public function typeIntoBlocks( array $proof ): array {
		return $this->store( 'PUT', '/checkout', array( 'additional_fields' => self::blockFields( $proof ) ) );
	}

	/** Pay for an order through the Store API. */
	public function payByBlocks( \WC_Order $order, array $proof = array(), string $payment = 'cod' ): array {
		$body = $this->checkoutBody( $proof, $payment ) + array( 'key' => $order->get_order_key(), 'billing_email' => $order->get_billing_email() );
		return $this->store( 'POST', '/checkout/' . $order->get_id(), $body );
	}

	/** Place the order through the classic checkout's form. */
	public function placeByForm( array $proof = array(), string $payment = 'cod' ): array {
		$page = $this->get( '/classic-checkout/' );
		$form = array( 'payment_method' => $payment, 'woocommerce-process-checkout-nonce' => self::hidden( $page['body'], 'woocommerce-process-checkout-nonce' ) );
		foreach ( self::ADDRESS as $name => $value ) {
			$form[ 'billing_' . $name ] = $value;
		}
		return $this->post( '/?wc-ajax=checkout', $form + self::formFields( $page['body'], $proof ) );
	}

	/** Pay for an order on the classic order-pay page. The answer's `location` leads to the thanks where it went well. */
	public function payByForm( \WC_Order $order, array $proof = array(), string $payment = 'cod' ): array {
		$address = str_replace( home_url(), '', $order->get_checkout_payment_url() );
		$page    = $this->get( $address );
		$form    = array( 'payment_method' => $payment, 'woocommerce_pay' => '1', 'woocommerce-pay-nonce' => self::hidden( $page['body'], 'woocommerce-pay-nonce' ) );
		return $this->post( $address, $form + self::formFields( $page['body'], $proof ) );
	}

	/** Sign in to wp-admin. */
	public function signIn( string $user = 'admin', string $password = 'admin' ): self {
		$this->get( '/wp-login.php' );
		$this->post( '/wp-login.php', array( 'log' => $user, 'pwd' => $password, 'wp-submit' => 'Log In', 'testcookie' => '1' ) );
		return $this;
	}

	/** Fetch a page. */
	public function get( string $path ): array {
		return $this->send( 'GET', $path );
	}

	/** Send a form. */
	public function post( string $path, array $form ): array {
		return $this->send( 'POST', $path, http_build_query( $form ), array( 'Content-Type: application/x-www-form-urlencoded' ) );
	}

	/** Call the Store API with the basket's token. */
	public function store( string $method, string $path, array $body = array() ): array {
		if ( '' === $this->token ) {
			$this->token = 'asked';
			$cart        = $this->store( 'GET', '/cart' );
			$this->token = $cart['headers']['cart-token'];
		}
		$headers = array( 'Content-Type: application/json' );
		if ( 'asked' !== $this->token ) {
			$headers[] = 'Cart-Token: ' . $this->token;
		}
		return $this->send( $method, '/wp-json/wc/store/v1' . $path, $body ? wp_json_encode( $body ) : null, $headers );
	}

	private function checkoutBody( array $proof, string $payment ): array {
		$address = self::ADDRESS;
		return array(
			'billing_address'   => $address,
			'shipping_address'  => array_diff_key( $address, array( 'email' => 1 ) ),
			'payment_method'    => $payment,
			'additional_fields' => (object) self::blockFields( $proof ),
		);
	}

	private static function blockFields( array $proof ): array {
		$fields = array();
		if ( isset( $proof['reference'] ) ) {
			$fields['elmed/prescription'] = $proof['reference'];
		}
		if ( isset( $proof['date_of_birth'] ) ) {
			$fields['elmed/date-of-birth'] = $proof['date_of_birth'];
		}
		if ( isset( $proof['send'] ) ) {
			$fields['elmed/send-here'] = 'send';
		}
		return $fields;
	}

	/** The plugin's two fields by whatever names the page gives them, and its hidden ones. */
	private static function formFields( string $page, array $proof ): array {
		$fields = array();
		preg_match_all( '/<input[^>]*\bname="([^"]*elmed[^"]*)"[^>]*>/', $page, $inputs, PREG_SET_ORDER );
		foreach ( $inputs as $input ) {
			if ( false !== strpos( $input[1], 'birth' ) ) {
				$fields[ $input[1] ] = $proof['date_of_birth'] ?? '';
			} elseif ( false !== strpos( $input[1], 'prescription' ) ) {
				$fields[ $input[1] ] = $proof['reference'] ?? '';
			} elseif ( isset( $proof['send'] ) && preg_match( '/type="checkbox"/', $input[0] ) ) {
				$fields[ $input[1] ] = '1';
			} elseif ( preg_match( '/type="hidden"/', $input[0] ) && preg_match( '/value="([^"]*)"/', $input[0], $value ) ) {
				$fields[ $input[1] ] = html_entity_decode( $value[1] );
			}
		}
		return $fields;
	}

	private static function hidden( string $page, string $name ): string {
		if ( ! preg_match( '/name="' . preg_quote( $name, '/' ) . '" value="([^"]+)"/', $page, $found ) ) {
			throw new \RuntimeException( "no field $name on the page: " . substr( wp_strip_all_tags( $page ), -1500 ) );
		}
		return $found[1];
	}

	/** @return array{status:int, headers:array<string,string>, body:string, data:mixed, location:string} */
	private function send( string $method, string $path, ?string $body = null, array $headers = array() ): array {
		curl_setopt_array(
			$this->curl,
			array( CURLOPT_URL => Site::fact( 'url' ) . $path, CURLOPT_CUSTOMREQUEST => $method, CURLOPT_HTTPHEADER => $headers, CURLOPT_POSTFIELDS => $body ?? '' )
		);
		if ( null === $body ) {
			curl_setopt( $this->curl, CURLOPT_HTTPGET, true );
		}
		$raw = curl_exec( $this->curl );
		if ( false === $raw ) {
			throw new \RuntimeException( "$method $path: " . curl_error( $this->curl ) );
		}
		$this->seconds = curl_getinfo( $this->curl, CURLINFO_TOTAL_TIME );
		$length        = curl_getinfo( $this->curl, CURLINFO_HEADER_SIZE );
		$head          = array();
		foreach ( explode( "\r\n", substr( $raw, 0, $length ) ) as $line ) {
			if ( strpos( $line, ':' ) ) {
				list( $name, $value )                = explode( ':', $line, 2 );
				$head[ strtolower( trim( $name ) ) ] = trim( $value );
			}
		}
		$text = substr( $raw, $length );
		return array(
			'status'   => curl_getinfo( $this->curl, CURLINFO_RESPONSE_CODE ),
			'headers'  => $head,
			'location' => $head['location'] ?? '',
			'body'     => $text,
			'data'     => json_decode( $text, true ),
		);
	}
}
